#include "collectives/two_level.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace weft::collectives {

namespace {

/// The ranks of each node.
std::vector<std::vector<int>> ranks_by_node(const Call& call) {
  std::map<int, std::vector<int>> by_number;
  for (int rank = 0; rank < call.ranks; ++rank)
    by_number[call.nodes == nullptr ? 0 : (*call.nodes)[static_cast<std::size_t>(rank)]].push_back(rank);
  std::vector<std::vector<int>> ranks;
  for (auto& [number, members] : by_number) ranks.push_back(std::move(members));
  return ranks;
}

std::size_t modulo(int number, std::size_t size) {
  const int n = static_cast<int>(size);
  return static_cast<std::size_t>(((number % n) + n) % n);
}

}  // namespace

std::string refuses_nodes(const Call& call) {
  const std::vector<std::vector<int>> nodes = ranks_by_node(call);
  if (nodes.size() < 2) return "all ranks are on one node, and it needs several";
  const auto [least, most] =
      std::minmax_element(nodes.begin(), nodes.end(), [](const auto& a, const auto& b) { return a.size() < b.size(); });
  if (least->size() != most->size())
    return fmt::format("it needs as many ranks on every node, and there are from {} to {}", least->size(),
                       most->size());
  if (most->size() < 2) return "each node has one rank, and it needs several on each";
  return {};
}

NodeGrid::NodeGrid(const Call& call) : ranks_(ranks_by_node(call)) {
  for (std::size_t node = 0; node < ranks_.size(); ++node) {
    const auto found = std::lower_bound(ranks_[node].begin(), ranks_[node].end(), call.rank);
    if (found == ranks_[node].end() || *found != call.rank) continue;
    node_ = static_cast<int>(node);
    index_ = static_cast<int>(found - ranks_[node].begin());
  }
}

int NodeGrid::rank_of(int node, int index) const {
  const std::vector<int>& ranks = ranks_[modulo(node, ranks_.size())];
  return ranks[modulo(index, ranks.size())];
}

Ring NodeGrid::inside() const {
  return {.to = rank_of(node_, index_ + 1), .from = rank_of(node_, index_ - 1), .size = per_node(), .own = index_};
}

Ring NodeGrid::between() const {
  return {.to = rank_of(node_ + 1, index_), .from = rank_of(node_ - 1, index_), .size = nodes(), .own = node_};
}

std::shared_ptr<const Nodes> nodes_in_order(int ranks, int per_node) {
  Nodes nodes;
  for (int rank = 0; rank < ranks; ++rank) nodes.push_back(rank / per_node);
  return std::make_shared<const Nodes>(std::move(nodes));
}

}  // namespace weft::collectives
