#include <cmath>

#include <fmt/format.h>

#include "results/format.hpp"

namespace weft {

namespace {

constexpr const char* kRule = "#----------------------------------------------------------------";

/// Whether the row has the means of its fastest and its slowest rank, which imported rows may lack.
bool knows_all_ranks(const Record& record) {
  return !std::isnan(record.time_us_rank_min) && !std::isnan(record.time_us_rank_max);
}

/// Intel MPI Benchmarks: each rank's mean over the iterations, and of those the smallest, largest and mean; the
/// bandwidth is of the largest, in 1e6 B/s. Rows with one time only stand in a table with one time, as IMB's PingPong.
class ImbFormatter final : public SeriesFormatter {
  std::string series_of(const Record& record) const override {
    return series_title(record, true) + (knows_all_ranks(record) ? "" : " (one time)");
  }

  std::string header(const Record& first) const override {
    std::string text = fmt::format("\n{0}\n# Benchmarking {1}\n# #processes = {2}\n{0}\n{3:>13} {4:>12}", kRule,
                                   series_title(first, false), first.ranks, "#bytes", "#repetitions");
    text += knows_all_ranks(first) ? fmt::format(" {:>12} {:>12} {:>12}", "t_min[usec]", "t_max[usec]", "t_avg[usec]")
                                   : fmt::format(" {:>12}", "t[usec]");
    return text + fmt::format(" {:>12}\n", "Mbytes/sec");
  }

  std::string row(const Record& record) override {
    if (!has_figures(record)) return not_measured_line(record);
    if (std::isnan(record.time_us_mean_of_ranks)) return no_mean_line(record);
    const Bytes size = peer_benchmark_size(record);
    const bool all = knows_all_ranks(record);
    const double time = all ? record.time_us_rank_max : record.time_us_mean_of_ranks;
    std::string text = fmt::format("{:>13} {:>12}", size, record.iterations);
    if (all) text += fmt::format(" {:>12.2f} {:>12.2f}", record.time_us_rank_min, record.time_us_rank_max);
    return text + fmt::format(" {:>12.2f} {:>12.2f}\n", record.time_us_mean_of_ranks,
                              time > 0 ? static_cast<double>(size) / time : 0);  // B/us = 1e6 B/s
  }
};

}  // namespace

std::unique_ptr<Formatter> make_imb_formatter() { return std::make_unique<ImbFormatter>(); }

}  // namespace weft
