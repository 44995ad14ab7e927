#include <algorithm>
#include <numeric>

#include "patterns/placement.hpp"

namespace weft {

namespace {

/// Items in packs of equally many: [pack] the items in the order in which it got them.
using Packs = std::vector<std::vector<std::uint32_t>>;

Packs pack(const std::vector<double>& weights, std::uint64_t count) {
  const std::uint64_t room = weights.size() / count;
  std::vector<std::uint32_t> order(weights.size());
  std::iota(order.begin(), order.end(), 0U);
  Packs packs(count);
  if (room == 1) {  // nothing to balance, so nothing is moved
    for (const std::uint32_t item : order) packs[item].push_back(item);
    return packs;
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return weights[a] > weights[b]; });
  std::vector<double> sums(count);
  for (const std::uint32_t item : order) {
    std::size_t lightest = count;
    for (std::size_t i = 0; i < count; ++i)
      if (packs[i].size() < room && (lightest == count || sums[i] < sums[lightest])) lightest = i;
    packs[lightest].push_back(item);
    sums[lightest] += weights[item];
  }
  return packs;
}

/// The experts of a node, once each and then again the one whose replicas are busiest, until there are `count`.
std::vector<std::uint32_t> replicate(const std::vector<double>& loads, std::uint64_t count) {
  std::vector<std::uint32_t> replicas(loads.size());
  std::iota(replicas.begin(), replicas.end(), 0U);
  std::vector<double> shares = loads;
  std::vector<std::uint64_t> copies(loads.size(), 1);
  while (replicas.size() < count) {
    const auto busiest = static_cast<std::size_t>(std::max_element(shares.begin(), shares.end()) - shares.begin());
    replicas.push_back(static_cast<std::uint32_t>(busiest));
    shares[busiest] = loads[busiest] / static_cast<double>(++copies[busiest]);
  }
  return replicas;
}

/// Appends the slots of one node's ranks: `experts` are those that the node holds.
void place_node(std::span<const double> loads, const std::vector<std::uint32_t>& experts, std::uint64_t ranks,
                std::uint64_t slots, std::vector<std::uint32_t>& expert_of_slot) {
  std::vector<double> mine;
  for (const std::uint32_t expert : experts) mine.push_back(loads[expert]);
  const std::vector<std::uint32_t> replicas = replicate(mine, ranks * slots);
  std::vector<std::uint64_t> copies(mine.size());
  for (const std::uint32_t replica : replicas) ++copies[replica];
  std::vector<double> shares;
  for (const std::uint32_t replica : replicas) shares.push_back(mine[replica] / static_cast<double>(copies[replica]));
  for (const std::vector<std::uint32_t>& of_rank : pack(shares, ranks))
    for (const std::uint32_t item : of_rank) expert_of_slot.push_back(experts[replicas[item]]);
}

}  // namespace

Placement place_eplb(std::span<const double> loads, const BalancerShape& shape) {
  const bool hierarchical = shape.groups % shape.nodes == 0;
  const std::uint64_t groups = hierarchical ? shape.groups : 1;
  const std::uint64_t nodes = hierarchical ? shape.nodes : 1;
  const std::uint64_t size = loads.size() / groups;
  std::vector<double> of_groups(groups);
  for (std::size_t expert = 0; expert < loads.size(); ++expert) of_groups[expert / size] += loads[expert];
  Placement placement{.ranks = shape.ranks, .slots = shape.slots, .expert_of_slot = {}};
  for (const std::vector<std::uint32_t>& of_node : pack(of_groups, nodes)) {
    std::vector<std::uint32_t> experts;
    for (const std::uint32_t group : of_node)
      for (std::uint64_t i = 0; i < size; ++i) experts.push_back(static_cast<std::uint32_t>(group * size + i));
    place_node(loads, experts, shape.ranks / nodes, shape.slots, placement.expert_of_slot);
  }
  return placement;
}

}  // namespace weft
