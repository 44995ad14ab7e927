#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "core/datatype.hpp"
#include "results/format.hpp"

namespace weft {

namespace {

/// The names nccl-tests gives to the types, which its parsers expect.
std::string nccl_type(const std::string& dtype) {
  struct Name {
    const char* weft;
    const char* nccl;
  };
  constexpr Name kNames[] = {{"f32", "float"}, {"f64", "double"}, {"f16", "half"},  {"bf16", "bfloat16"},
                             {"i32", "int32"}, {"u8", "uint8"},   {"fp8", "f8e4m3"}};
  for (const Name& name : kNames)
    if (dtype == name.weft) return name.nccl;
  return dtype;
}

/// Elements of the block that the call is given: nccl-tests' count.
std::string count_of(const Record& record) {
  Bytes block = record.bytes_per_rank;
  const bool parted =
      sends_to_every_peer(record) || record.operation == "all_gather" || record.operation == "reduce_scatter";
  if (parted && record.ranks > 0) block /= static_cast<Bytes>(record.ranks);
  for (const Datatype type : all_datatypes())
    if (record.dtype == name_of(type)) return fmt::format("{}", block / size_of(type));
  return "N/A";  // an imported row: a type that weft does not have, or that the log did not say
}

std::string half_line(const Record* record) {
  if (record == nullptr) return fmt::format(" {:>7} {:>7} {:>7} {:>6}", "N/A", "N/A", "N/A", "N/A");
  return fmt::format(" {:>7} {:>7.2f} {:>7.2f} {:>6}", fixed(record->time_us(), 7), record->algbw_gbps,
                     record->busbw_gbps, record->wrong == "n/a" ? "N/A" : record->wrong);
}

/// Either may be null, not both.
std::string line(const Record* out_of_place, const Record* in_place) {
  const Record& any = out_of_place != nullptr ? *out_of_place : *in_place;
  return fmt::format("{:>12} {:>13} {:>9} {:>7} {:>7}", any.bytes_per_rank, count_of(any),
                     any.dtype.empty() ? "N/A" : nccl_type(any.dtype), any.op.empty() ? "none" : any.op,
                     any.operation == "broadcast" ? "0" : "-1") +
         half_line(out_of_place) + half_line(in_place) + "\n";
}

/// nccl-tests: one line per size, out of place on the left, in place on the right.
class NcclFormatter final : public SeriesFormatter {
  std::string series_of(const Record& record) const override {
    return fmt::format("{}, {} over {}, {} ranks", operation_title(record), record.algorithm, record.transport,
                       record.ranks);
  }

  std::string header(const Record& first) const override {
    return fmt::format(
        "#\n# weft {}: the columns of nccl-tests, times are {}\n#\n"
        "#{:>65} {:>30}\n"
        "#{:>11} {:>13} {:>9} {:>7} {:>7} {:>7} {:>7} {:>7} {:>6} {:>7} {:>7} {:>7} {:>6}\n"
        "#{:>11} {:>13} {:>9} {:>7} {:>7} {:>7} {:>7} {:>7} {:>6} {:>7} {:>7} {:>7} {:>6}\n",
        series_of(first), std::isnan(first.time_us_median) ? "means" : "medians", "out-of-place", "in-place", "size",
        "count", "type", "redop", "root", "time", "algbw", "busbw", "#wrong", "time", "algbw", "busbw", "#wrong", "(B)",
        "(elements)", "", "", "", "(us)", "(GB/s)", "(GB/s)", "", "(us)", "(GB/s)", "(GB/s)", "");
  }

  std::string row(const Record& record) override {
    note(record);
    if (held_ && record.in_place && !held_->in_place && same_point(*held_, record)) {
      std::string text = line(&*held_, &record);
      held_.reset();
      return text;
    }
    std::string before = end_of_series();
    if (!has_figures(record)) return before + not_measured_line(record);
    if (record.in_place) return before + line(nullptr, &record);
    held_ = record;  // its other half may follow
    return before;
  }

  std::string end_of_series() override {
    std::string text = held_ ? line(&*held_, nullptr) : "";
    held_.reset();
    return text;
  }

  std::string closing() override {
    return fmt::format("# Out of bounds values : {} {}\n# Avg bus bandwidth    : {:g} \n#\n", wrong_,
                       wrong_ == 0 ? "OK" : "FAILED", counted_ > 0 ? busbw_sum_ / counted_ : 0.0);
  }

  static bool same_point(const Record& a, Record b) {
    b.in_place = a.in_place;
    return a.key() == b.key() && has_figures(b);
  }

  /// Counts for the closing lines.
  void note(const Record& record) {
    if (record.status == "wrong") wrong_ += std::stoull(record.wrong);
    if (!has_figures(record)) return;
    busbw_sum_ += record.busbw_gbps;
    counted_ += 1;
  }

  std::optional<Record> held_;
  std::uint64_t wrong_ = 0;
  double busbw_sum_ = 0;
  double counted_ = 0;
};

}  // namespace

std::unique_ptr<Formatter> make_nccl_formatter() { return std::make_unique<NcclFormatter>(); }

}  // namespace weft
