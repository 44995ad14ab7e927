#include "cli/pair_report.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "analysis/slow_links.hpp"
#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"
#include "core/units.hpp"
#include "results/pair_times.hpp"

namespace weft::cli {

namespace {

std::vector<PairTime> pairs_of(const nlohmann::json& point) {
  std::vector<PairTime> pairs;
  for (const nlohmann::json& one : point.at("pairs"))
    pairs.push_back({.first = one.at(0).get<int>(),
                     .second = one.at(1).get<int>(),
                     .median_ns = one.at(2).get<double>() * 1e3,
                     .low_ns = one.at(3).get<double>() * 1e3,
                     .high_ns = one.at(4).get<double>() * 1e3,
                     .samples = one.at(5).get<int>()});
  return pairs;
}

/// A link's time, or the bandwidth in one direction where both are busy.
class Unit {
 public:
  explicit Unit(const nlohmann::json& point)
      : bytes_(point.at("operation") == "exchange" ? point.at("bytes").get<double>() : 0) {}

  std::string operator()(double ns) const {
    return bytes_ > 0 ? fmt::format("{:.4g} GB/s", bytes_ / ns) : fmt::format("{:.4g} us", ns / 1e3);
  }

 private:
  double bytes_;
};

std::string text_of(const LinkLevel& level, const Unit& unit) {
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

std::string summary_of(const nlohmann::json& point) {
  const auto hosts = point.at("hosts").get<std::vector<std::string>>();
  const std::vector<PairTime> pairs = pairs_of(point);
  for (const PairTime& pair : pairs)
    if (std::min(pair.first, pair.second) < 0 || std::max(pair.first, pair.second) >= static_cast<int>(hosts.size()))
      throw UsageError(fmt::format("ranks {} and {} are no pair of {} ranks", pair.first, pair.second, hosts.size()));
  std::string text =
      fmt::format("\n{} of {}\n", point.at("operation").get<std::string>(), point.at("title").get<std::string>());
  for (const LinkLevel& level : find_slow_links(pairs, hosts)) text += text_of(level, Unit(point));
  return text;
}

}  // namespace

nlohmann::json pairs_json(const Point& point, const Record& record, const Samples& samples,
                          const std::vector<std::string>& hosts) {
  nlohmann::json pairs = nlohmann::json::array();
  const double us = 1e3 * point.time_divisor;
  for (const PairTime& pair : pair_times(samples, point.pairings))
    pairs.push_back({pair.first, pair.second, pair.median_ns / us, pair.low_ns / us, pair.high_ns / us, pair.samples});
  return {{"operation", record.operation},
          {"title", fmt::format("every pair of {} ranks over {}, {}", record.ranks, record.transport,
                                format_bytes(record.bytes_per_rank))},
          {"bytes", record.bytes_per_rank},
          {"hosts", hosts},
          {"columns", {"rank", "rank", "time_us_median", "time_us_median_low", "time_us_median_high", "samples"}},
          {"pairs", std::move(pairs)}};
}

std::string pair_summaries(const Run& run) {
  const std::filesystem::path path = run.folder / "pairs.json";
  std::ifstream file(path);
  if (!file) return {};
  std::string text;
  try {
    const nlohmann::json details = nlohmann::json::parse(file);
    for (const nlohmann::json& point : details.at("points")) text += summary_of(point);
  } catch (const nlohmann::json::exception& error) {
    throw UsageError(fmt::format("{}: is not what weft run writes ({})", path.string(), error.what()));
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("{}: {}", path.string(), error.what()));
  }
  return text;
}

}  // namespace weft::cli
