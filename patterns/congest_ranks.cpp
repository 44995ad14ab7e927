#include "patterns/congest_ranks.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "collectives/summands.hpp"

namespace weft {

namespace {

void shuffle_by(std::uint64_t seed, std::vector<int>& numbers) {
  const auto key = [seed](int number) { return mix(seed + mix(static_cast<std::uint64_t>(number))); };
  std::sort(numbers.begin(), numbers.end(), [&](int a, int b) { return key(a) < key(b); });
}

/// All ranks: one of each node, then the next of each.
std::vector<int> dealt(const Nodes& nodes, std::uint64_t seed) {
  std::map<int, std::vector<int>> ranks;
  std::vector<int> order;
  for (std::size_t rank = 0; rank < nodes.size(); ++rank) {
    std::vector<int>& here = ranks[nodes[rank]];
    if (here.empty()) order.push_back(nodes[rank]);
    here.push_back(static_cast<int>(rank));
  }
  shuffle_by(seed, order);
  for (auto& [node, here] : ranks) shuffle_by(seed, here);
  std::vector<int> all;
  for (std::size_t turn = 0; all.size() < nodes.size(); ++turn)
    for (const int node : order)
      if (turn < ranks[node].size()) all.push_back(ranks[node][turn]);
  return all;
}

}  // namespace

CongestRanks split_ranks(const Nodes& nodes, double share, std::uint64_t seed) {
  const std::vector<int> all = dealt(nodes, seed);
  const auto count = static_cast<std::ptrdiff_t>(all.size());
  const auto wanted = static_cast<std::ptrdiff_t>(std::llround(share * static_cast<double>(count)));
  const auto first_aggressor = all.begin() + std::clamp<std::ptrdiff_t>(wanted, 2, count - 2);
  CongestRanks ranks{{all.begin(), first_aggressor}, {first_aggressor, all.end()}};
  std::set<int> shared;
  for (const int victim : ranks.victims) shared.insert(nodes[static_cast<std::size_t>(victim)]);
  const auto root = std::find_if(ranks.aggressors.begin(), ranks.aggressors.end(),
                                 [&](int rank) { return shared.contains(nodes[static_cast<std::size_t>(rank)]); });
  if (root != ranks.aggressors.end()) std::iter_swap(ranks.aggressors.begin(), root);
  return ranks;
}

const std::vector<std::string>& aggressions() {
  static const std::vector<std::string> all = {"all_to_all", "incast", "broadcast"};
  return all;
}

TrafficMatrix aggression_matrix(const std::string& aggression, std::size_t aggressors, Bytes bytes) {
  TrafficMatrix matrix(aggressors * aggressors, 0);
  for (std::size_t from = 0; from < aggressors; ++from)
    for (std::size_t to = 0; to < aggressors; ++to) {
      if (from == to) continue;
      const bool loaded = aggression == "all_to_all" || (aggression == "incast" ? to : from) == 0;
      const bool answered = from == 0 || to == 0;
      matrix[from * aggressors + to] = loaded ? bytes : answered ? 1 : 0;
    }
  return matrix;
}

}  // namespace weft
