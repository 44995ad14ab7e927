#include <cmath>

#include <fmt/format.h>

#include "results/format.hpp"

namespace weft {

namespace {

/// OSU's latency programs: the size, then the mean over iterations and ranks of each rank's own time.
class OsuFormatter final : public SeriesFormatter {
  std::string series_of(const Record& record) const override { return series_title(record, true); }

  std::string header(const Record& first) const override {
    return fmt::format("\n# weft {}, OSU's columns\n{:<10}{:>18}\n", series_of(first), "# Size", "Avg Latency(us)");
  }

  std::string row(const Record& record) override {
    if (!has_figures(record)) return not_measured_line(record);
    if (std::isnan(record.time_us_mean_of_ranks)) return no_mean_line(record);
    return fmt::format("{:<10}{:>18.2f}\n", peer_benchmark_size(record), record.time_us_mean_of_ranks);
  }
};

}  // namespace

std::unique_ptr<Formatter> make_osu_formatter() { return std::make_unique<OsuFormatter>(); }

}  // namespace weft
