#include "imports/nccl_names.hpp"

namespace weft {

std::string operation_of_nccl_program(std::string_view word) {
  const std::size_t slash = word.rfind('/');
  if (slash != std::string_view::npos) word.remove_prefix(slash + 1);
  const std::size_t end = word.find("_perf");
  if (end == std::string_view::npos) return {};
  const std::string_view ending = word.substr(end);
  if (ending != "_perf" && ending != "_perf_mpi") return {};
  struct Name {
    std::string_view nccl, weft;
  };
  constexpr Name kNames[] = {
      {"all_reduce", "all_reduce"}, {"all_gather", "all_gather"}, {"reduce_scatter", "reduce_scatter"},
      {"alltoall", "all_to_all"},   {"broadcast", "broadcast"},   {"reduce", "reduce"},
      {"gather", "gather"},         {"scatter", "scatter"},       {"sendrecv", "ring_shift"}};
  for (const Name& name : kNames)
    if (word.substr(0, end) == name.nccl) return std::string(name.weft);
  return {};
}

std::string dtype_of_nccl(std::string_view type) {
  struct Name {
    std::string_view nccl, weft;
  };
  constexpr Name kNames[] = {{"float", "f32"}, {"double", "f64"}, {"half", "f16"},  {"bfloat16", "bf16"},
                             {"int32", "i32"}, {"uint8", "u8"},   {"f8e4m3", "fp8"}};
  for (const Name& name : kNames)
    if (type == name.nccl) return std::string(name.weft);
  return std::string(type);
}

LogSeries nccl_series(const std::string& operation, std::string_view type, std::string_view redop, int ranks,
                      const ImportOptions& options) {
  LogSeries series;
  series.pattern = series.operation = operation;
  series.transport = options.transport.empty() ? "nccl" : options.transport;
  series.ranks = ranks;
  series.dtype = dtype_of_nccl(type);
  series.op = redop == "none" ? "" : redop;
  series.convention = SizeConvention::buffer;
  series.sync = "none";
  return series;
}

std::string no_nccl_operation() {
  return "names no program of nccl-tests (all_reduce_perf, …): say what it measured with --operation";
}

}  // namespace weft
