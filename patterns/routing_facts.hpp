#pragma once

#include <span>
#include <string>
#include <vector>

#include "patterns/routing.hpp"

namespace weft {

/// What a routing did, in the order in which it is shown: measured, and what theory says of uniform routing (experts
/// chosen all alike and placed contiguously, groups left aside; no skew at all).
struct RoutingFact {
  std::string name;   ///< as in traffic.json: "rank_imbalance"
  std::string title;  ///< as in a table: "max/mean over ranks"
  double measured = 0;
  double uniform = 0;  ///< NaN where there is no such formula
};
std::vector<RoutingFact> facts_of(const Routing& routing, const Model& model, const ExpertLayout& layout);

/// The same with means over the routings, of which there is one at least.
std::vector<RoutingFact> mean_facts(std::span<const Routing> routings, const Model& model, const ExpertLayout& layout);

}  // namespace weft
