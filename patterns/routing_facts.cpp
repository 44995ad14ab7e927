#include "patterns/routing_facts.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "patterns/distinct_destinations.hpp"

namespace weft {

namespace {

std::vector<std::uint64_t> experts_on_nodes(const Model& model, const ExpertLayout& layout) {
  const auto ranks = static_cast<std::uint64_t>(layout.ranks);
  std::vector<std::uint64_t> held(layout.nodes());
  for (std::uint64_t rank = 0; rank < ranks; ++rank)
    held[rank / static_cast<std::uint64_t>(layout.ranks_per_node)] +=
        model.experts / ranks + (rank < model.experts % ranks ? 1 : 0);
  return held;
}

}  // namespace

std::vector<RoutingFact> facts_of(const Routing& routing, const Model& model, const ExpertLayout& layout) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  const auto ranks = static_cast<std::uint64_t>(layout.ranks);
  const double tokens = std::max(1.0, static_cast<double>(routing.tokens));
  const std::vector<double> loads(routing.experts.begin(), routing.experts.end());
  const std::vector<double> before =
      rank_loads(place_contiguous(model.experts, ranks, (model.experts + ranks - 1) / ranks), loads);
  const double mean = std::accumulate(before.begin(), before.end(), 0.0) / static_cast<double>(ranks);
  std::vector<RoutingFact> facts = {
      {"tokens_per_rank", "tokens per rank", static_cast<double>(routing.tokens) / static_cast<double>(ranks), kNone},
      {"expert_imbalance", "max/mean over experts", max_over_mean(routing.experts), 1},
      {"expert_gini", "Gini coefficient of experts", gini(routing.experts), 0},
      {"rank_imbalance", "max/mean over ranks", max_over_mean(routing.received()), 1},
      {"distinct_ranks", "distinct ranks per token", static_cast<double>(routing.token_ranks) / tokens,
       expected_distinct(model.experts, model.top_k, ranks)},
      {"distinct_nodes", "distinct nodes per token", static_cast<double>(routing.token_nodes) / tokens,
       expected_distinct(experts_on_nodes(model, layout), model.top_k)}};
  if (layout.placement.kind == PlacementOptions{}.kind) return facts;
  const auto moves = static_cast<double>(routing.moves);
  facts.push_back({"rank_imbalance_contiguous", "max/mean over ranks, contiguous",
                   mean > 0 ? *std::max_element(before.begin(), before.end()) / mean : 0, 1});
  facts.push_back({"expert_moves", "experts sent", moves, kNone});
  facts.push_back(
      {"expert_moves_bytes", "bytes of experts sent", moves * static_cast<double>(expert_bytes(model)), kNone});
  return facts;
}

std::vector<RoutingFact> mean_facts(std::span<const Routing> routings, const Model& model, const ExpertLayout& layout) {
  std::vector<RoutingFact> means = facts_of(routings.front(), model, layout);
  for (const Routing& routing : routings.subspan(1)) {
    const std::vector<RoutingFact> facts = facts_of(routing, model, layout);
    for (std::size_t i = 0; i < means.size(); ++i) means[i].measured += facts[i].measured;
  }
  for (RoutingFact& fact : means) fact.measured /= static_cast<double>(routings.size());
  return means;
}

}  // namespace weft
