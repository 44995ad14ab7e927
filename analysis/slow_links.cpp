#include "analysis/slow_links.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "statistics/quantile.hpp"
#include <fmt/format.h>

namespace weft {

namespace {

constexpr int kFewestLinksOfAnEnd = 3;

/// The pairs of each link, by the links' ends.
using Links = std::map<std::pair<std::string, std::string>, std::vector<const PairTime*>>;

LinkTime time_of(const std::pair<std::string, std::string>& ends, const std::vector<const PairTime*>& pairs) {
  std::vector<double> medians;
  std::vector<double> lows;
  for (const PairTime* pair : pairs) {
    medians.push_back(pair->median_ns);
    lows.push_back(pair->low_ns);
  }
  return {.first = ends.first,
          .second = ends.second,
          .median_ns = median(std::move(medians)),
          .low_ns = median(std::move(lows)),
          .pairs = static_cast<int>(pairs.size())};
}

std::set<std::string> slow_ends(const std::vector<LinkTime>& links, const std::vector<LinkTime>& slow) {
  std::map<std::string, int> all;
  std::map<std::string, int> bad;
  for (const LinkTime& link : links) ++all[link.first], ++all[link.second];
  for (const LinkTime& link : slow) ++bad[link.first], ++bad[link.second];
  std::set<std::string> ends;
  for (const auto& [end, count] : bad)
    if (count >= kFewestLinksOfAnEnd && 2 * count > all[end]) ends.insert(end);
  return ends;
}

LinkLevel judge(std::string name, const Links& links) {
  LinkLevel level;
  level.name = std::move(name);
  std::vector<double> medians;
  for (const auto& [ends, pairs] : links) {
    level.links.push_back(time_of(ends, pairs));
    medians.push_back(level.links.back().median_ns);
  }
  std::stable_sort(level.links.begin(), level.links.end(),
                   [](const LinkTime& a, const LinkTime& b) { return a.median_ns > b.median_ns; });
  level.reference_ns = quantile(std::move(medians), 0.25);
  if (level.links.size() < 2) return level;
  std::vector<LinkTime> slow;
  for (const LinkTime& link : level.links)
    if (link.low_ns > kSlowLink * level.reference_ns) slow.push_back(link);
  const std::set<std::string> ends = slow_ends(level.links, slow);
  level.ends.assign(ends.begin(), ends.end());
  for (const LinkTime& link : slow)
    if (!ends.contains(link.first) && !ends.contains(link.second)) level.slow.push_back(link);
  return level;
}

}  // namespace

std::vector<LinkLevel> find_slow_links(std::span<const PairTime> pairs, const std::vector<std::string>& hosts) {
  Links between;
  std::map<std::string, Links> inside;
  for (const PairTime& pair : pairs) {
    const std::string& first = hosts[static_cast<std::size_t>(pair.first)];
    const std::string& second = hosts[static_cast<std::size_t>(pair.second)];
    if (first == second)
      inside[first][{fmt::format("rank {}", pair.first), fmt::format("rank {}", pair.second)}].push_back(&pair);
    else
      between[std::minmax(first, second)].push_back(&pair);
  }
  std::vector<LinkLevel> levels;
  if (!between.empty()) levels.push_back(judge("between hosts", between));
  for (const auto& [host, links] : inside) levels.push_back(judge("inside " + host, links));
  return levels;
}

}  // namespace weft
