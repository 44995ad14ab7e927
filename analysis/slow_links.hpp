#pragma once

#include <span>
#include <string>
#include <vector>

#include "results/pair_times.hpp"

namespace weft {

/// What lies between two hosts, or between two ranks of one host: the pairs of ranks that use it.
struct LinkTime {
  std::string first;
  std::string second;
  double median_ns = 0;  ///< median of the pairs' medians
  double low_ns = 0;     ///< and of the low ends of their intervals
  int pairs = 0;
};

/// Links of one kind, which should be alike: all those between hosts, or all those inside one.
struct LinkLevel {
  std::string name;               ///< "between hosts", or "inside" and the host
  std::vector<LinkTime> links;    ///< the slowest first
  double reference_ns = 0;        ///< first quartile of their medians: of the good ones, even where half are not
  std::vector<std::string> ends;  ///< hosts or ranks more than half of whose links are slow, three at least
  std::vector<LinkTime> slow;     ///< the slow links that no slow end explains, the slowest first
};

/// How many times the reference a link takes, its interval too, before it is called slow.
inline constexpr double kSlowLink = 1.25;

/// Sorts pairs into levels by the host of each rank, and finds what is slow in each. Hosts by name; a level of one link
/// has nothing to be compared with, and nothing slow.
std::vector<LinkLevel> find_slow_links(std::span<const PairTime> pairs, const std::vector<std::string>& hosts);

}  // namespace weft
