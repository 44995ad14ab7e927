#include "patterns/training_step/expert_counts.hpp"

#include <algorithm>
#include <span>

#include <fmt/format.h>

namespace weft {

namespace {

void count_token(ExpertCounts& counts, std::size_t source, std::span<const std::uint32_t> experts,
                 std::size_t experts_per_rank, std::vector<std::size_t>& reached) {
  const auto ranks = static_cast<std::size_t>(counts.ranks);
  const auto nodes = static_cast<std::size_t>(counts.nodes);
  const auto per_node = static_cast<std::size_t>(counts.ranks_per_node());
  ++counts.tokens[source];
  reached.clear();
  for (const std::uint32_t expert : experts) {
    const std::size_t rank = expert / experts_per_rank;
    ++counts.copies[source * ranks + rank];
    reached.push_back(rank);
  }
  std::sort(reached.begin(), reached.end());
  for (std::size_t i = 0; i < reached.size(); ++i) {
    const bool new_rank = i == 0 || reached[i] != reached[i - 1];
    const bool new_node = i == 0 || reached[i] / per_node != reached[i - 1] / per_node;
    if (new_rank) ++counts.to_ranks[source * ranks + reached[i]];
    if (new_node) ++counts.to_nodes[source * nodes + reached[i] / per_node];
  }
}

}  // namespace

std::uint64_t ExpertCounts::received(int rank) const {
  std::uint64_t sum = 0;
  for (auto at = static_cast<std::size_t>(rank); at < copies.size(); at += static_cast<std::size_t>(ranks))
    sum += copies[at];
  return sum;
}

std::uint64_t ExpertCounts::most_received() const {
  std::uint64_t most = 0;
  for (int rank = 0; rank < ranks; ++rank) most = std::max(most, received(rank));
  return most;
}

std::vector<ExpertCounts> count_by_expert_rank(const Decisions& decisions, const Model& model, const ExpertGroup& group,
                                               const std::function<void(const std::string& what)>& refuse) {
  std::vector<ExpertCounts> all;
  std::vector<std::size_t> reached;
  const auto size = static_cast<std::size_t>(group.ranks);
  decisions.each_token([&](std::size_t routing, std::size_t source, std::span<const std::uint32_t> experts) {
    if (source >= size) refuse(fmt::format("routing {} has the tokens of more than {} ranks", routing, size));
    for (const std::uint32_t expert : experts)
      if (expert >= model.experts) refuse(fmt::format("routing {} has a token for expert {}", routing, expert));
    while (all.size() <= routing) {
      ExpertCounts& counts = all.emplace_back();
      counts.ranks = group.ranks;
      counts.nodes = group.nodes;
      counts.tokens.assign(size, 0);
      counts.copies.assign(size * size, 0);
      counts.to_ranks.assign(size * size, 0);
      counts.to_nodes.assign(size * static_cast<std::size_t>(group.nodes), 0);
    }
    count_token(all[routing], source, experts, model.experts / size, reached);
  });
  for (std::size_t routing = 0; routing < all.size(); ++routing)
    for (std::size_t rank = 0; rank < size; ++rank)
      if (const std::uint64_t tokens = all[routing].tokens[rank]; tokens != group.tokens)
        refuse(fmt::format("routing {} has {} tokens of rank {}", routing, tokens, rank));
  return all;
}

}  // namespace weft
