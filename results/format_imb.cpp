#include <fmt/format.h>

#include "results/format.hpp"

namespace weft {

namespace {

constexpr const char* kRule = "#----------------------------------------------------------------";

/// Intel MPI Benchmarks: each rank's mean over the iterations, and of those the smallest, largest and mean; the
/// bandwidth is of the largest, in 1e6 B/s.
class ImbFormatter final : public SeriesFormatter {
  std::string series_of(const Record& record) const override {
    return fmt::format("{}, {} over {}, {}{}{}{}", operation_title(record), record.algorithm, record.transport,
                       record.dtype, record.op.empty() ? "" : " ", record.op, record.in_place ? ", in place" : "");
  }

  std::string header(const Record& first) const override {
    return fmt::format(
        "\n{0}\n# Benchmarking {1}\n# #processes = {2}\n{0}\n{3:>13} {4:>12} {5:>12} {6:>12} {7:>12} {8:>12}\n", kRule,
        series_of(first), first.ranks, "#bytes", "#repetitions", "t_min[usec]", "t_max[usec]", "t_avg[usec]",
        "Mbytes/sec");
  }

  std::string row(const Record& record) override {
    if (!has_figures(record)) return not_measured_line(record);
    const Bytes size = peer_benchmark_size(record);
    const double megabytes =
        record.time_us_rank_max > 0 ? static_cast<double>(size) / record.time_us_rank_max : 0;  // B/us = 1e6 B/s
    return fmt::format("{:>13} {:>12} {:>12.2f} {:>12.2f} {:>12.2f} {:>12.2f}\n", size, record.iterations,
                       record.time_us_rank_min, record.time_us_rank_max, record.time_us_mean_of_ranks, megabytes);
  }
};

}  // namespace

std::unique_ptr<Formatter> make_imb_formatter() { return std::make_unique<ImbFormatter>(); }

}  // namespace weft
