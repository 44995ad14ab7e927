#include "cli/pair_report.hpp"

#include <algorithm>

#include "analysis/slow_links.hpp"
#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"
#include "core/units.hpp"
#include "results/details.hpp"
#include "results/or_null.hpp"
#include "results/pair_times.hpp"

namespace weft::cli {

namespace {

/// Where there is no interval its ends are null in the file, and 0 here.
nlohmann::json end_of_interval(double us) { return or_null(if_known(us)); }
double end_of_interval(const nlohmann::json& us) { return us.is_null() ? 0 : us.get<double>() * 1e3; }

/// Throws UsageError where a value cannot be.
PairTime pair_of(const nlohmann::json& one, std::size_t ranks) {
  const PairTime pair{.first = one.at(0).get<int>(),
                      .second = one.at(1).get<int>(),
                      .median_ns = one.at(2).get<double>() * 1e3,
                      .low_ns = end_of_interval(one.at(3)),
                      .high_ns = end_of_interval(one.at(4)),
                      .samples = one.at(5).get<int>()};
  if (pair.first < 0 || pair.second <= pair.first || static_cast<std::size_t>(pair.second) >= ranks)
    throw UsageError(
        fmt::format("{} and {} are no pair of {} ranks, the lower one first", pair.first, pair.second, ranks));
  if (!(pair.median_ns >= 0) || pair.low_ns < 0)  // simulated, it may be less than a ns
    throw UsageError(fmt::format("ranks {} and {} have a time below 0", pair.first, pair.second));
  return pair;
}

std::vector<PairTime> pairs_of(const nlohmann::json& point, std::size_t ranks) {
  std::vector<PairTime> pairs;
  for (const nlohmann::json& one : point.at("pairs")) pairs.push_back(pair_of(one, ranks));
  return pairs;
}

/// A link's time, or the bandwidth in one direction where both are busy.
class Unit {
 public:
  explicit Unit(const nlohmann::json& point)
      : bytes_(point.at("operation") == "exchange" ? point.at("bytes").get<double>() : 0) {}

  std::string operator()(double ns) const {
    return bytes_ > 0 && ns > 0 ? fmt::format("{:.4g} GB/s", bytes_ / ns) : fmt::format("{:.4g} us", ns / 1e3);
  }

 private:
  double bytes_;
};

std::string text_of_level(const LinkLevel& level, const Unit& unit) {
  std::string text = fmt::format("  {}: {} {}, {} the first quarter, {} to {}\n", level.name, level.links.size(),
                                 level.links.size() == 1 ? "link" : "links", unit(level.reference_ns),
                                 unit(level.links.back().median_ns), unit(level.links.front().median_ns));
  for (const std::string& end : level.ends) text += fmt::format("    slow: most links of {}\n", end);
  constexpr std::size_t kMostNamed = 10;
  for (std::size_t i = 0; i < std::min(level.slow.size(), kMostNamed); ++i) {
    const LinkTime& link = level.slow[i];
    text += fmt::format("    slow: {} - {}: {}, {:.2f} times as long as the first quarter\n", link.first, link.second,
                        unit(link.median_ns), link.median_ns / level.reference_ns);
  }
  if (level.slow.size() > kMostNamed) text += fmt::format("    and {} more\n", level.slow.size() - kMostNamed);
  return text;
}

std::string links_of(const nlohmann::json& point) {
  const auto hosts = point.at("hosts").get<std::vector<std::string>>();
  const std::vector<PairTime> pairs = pairs_of(point, hosts.size());
  std::string text =
      fmt::format("\n{} of {}\n", point.at("operation").get<std::string>(), point.at("title").get<std::string>());
  for (const LinkLevel& level : find_slow_links(pairs, hosts)) text += text_of_level(level, Unit(point));
  if (std::any_of(pairs.begin(), pairs.end(),
                  [](const PairTime& pair) { return pair.low_ns == 0 && pair.median_ns > 0; }))
    text += "  of some pairs there are too few samples for an interval (6), and nothing is called slow for them\n";
  return text;
}

}  // namespace

nlohmann::json pairs_json(const Point& point, const Record& record, const Samples& samples,
                          const std::vector<std::string>& hosts) {
  nlohmann::json pairs = nlohmann::json::array();
  const double us = 1e3 * point.time_divisor;
  for (const PairTime& pair : pair_times(samples, point.pairings))
    pairs.push_back({pair.first, pair.second, pair.median_ns / us, end_of_interval(pair.low_ns / us),
                     end_of_interval(pair.high_ns / us), pair.samples});
  return {{"operation", record.operation},
          {"title", fmt::format("every pair of {} ranks over {}, {} of {}", record.ranks, record.transport,
                                format_bytes(record.bytes_per_rank), record.dtype)},
          {"bytes", record.bytes_per_rank},
          {"hosts", hosts},
          {"columns", {"rank", "rank", "time_us_median", "time_us_median_low", "time_us_median_high", "samples"}},
          {"pairs", std::move(pairs)}};
}

std::string pair_summaries(const Run& run) {
  std::string text;
  with_details(run.folder / "pairs.json", [&](const nlohmann::json& points) {
    for (const nlohmann::json& point : points) text += links_of(point);
  });
  return text;
}

}  // namespace weft::cli
