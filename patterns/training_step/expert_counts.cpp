#include "patterns/training_step/expert_counts.hpp"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "core/error.hpp"

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

std::vector<ExpertCounts> count_by_expert_rank(const Decisions& decisions, const Model& model, int ranks, int nodes) {
  std::vector<ExpertCounts> all;
  std::vector<std::size_t> reached;
  const auto size = static_cast<std::size_t>(ranks);
  decisions.each_token([&](std::size_t routing, std::size_t source, std::span<const std::uint32_t> experts) {
    if (source >= size)
      throw UsageError(fmt::format("the recording is of more ranks than the {} that share experts here", ranks));
    while (all.size() <= routing) {
      ExpertCounts& counts = all.emplace_back();
      counts.ranks = ranks;
      counts.nodes = nodes;
      counts.tokens.assign(size, 0);
      counts.copies.assign(size * size, 0);
      counts.to_ranks.assign(size * size, 0);
      counts.to_nodes.assign(size * static_cast<std::size_t>(nodes), 0);
    }
    count_token(all[routing], source, experts, model.experts / size, reached);
  });
  return all;
}

}  // namespace weft
