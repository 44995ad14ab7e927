#include "patterns/placement.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"

namespace weft {

namespace {

/// Slots per rank of a balanced placement. Throws UsageError where they are not whole.
std::uint64_t slots_with(const PlacementOptions& options, std::uint64_t experts, std::uint64_t ranks) {
  const std::uint64_t all = experts + options.redundant;
  if (all % ranks == 0) return all / ranks;
  throw UsageError(
      fmt::format("--placement {}: {} experts and {} redundant ones cannot be dealt evenly to {} ranks: "
                  "give {} or {} redundant ones",
                  describe(options), experts, options.redundant, ranks, options.redundant + ranks - all % ranks,
                  options.redundant + 2 * ranks - all % ranks));
}

}  // namespace

const std::vector<std::string>& placement_kinds() {
  static const std::vector<std::string> kinds = {"contiguous", "eplb", "incremental"};
  return kinds;
}

std::string describe(const PlacementOptions& options) {
  if (options.kind == "eplb") return fmt::format("eplb:{}", options.redundant);
  if (options.kind == "incremental") return fmt::format("incremental:{}:{}", options.redundant, options.target);
  return options.kind;
}

std::vector<std::vector<std::uint32_t>> ranks_of_experts(const Placement& placement, std::uint64_t experts) {
  std::vector<std::vector<std::uint32_t>> ranks(experts);
  for (std::size_t slot = 0; slot < placement.expert_of_slot.size(); ++slot)
    if (const std::uint32_t expert = placement.expert_of_slot[slot]; expert != Placement::kFree)
      ranks[expert].push_back(static_cast<std::uint32_t>(slot / placement.slots));
  return ranks;
}

std::vector<double> rank_loads(const Placement& placement, std::span<const double> loads) {
  std::vector<double> of_ranks(placement.ranks);
  const auto ranks = ranks_of_experts(placement, loads.size());
  for (std::size_t expert = 0; expert < loads.size(); ++expert)
    for (const std::uint32_t rank : ranks[expert])
      of_ranks[rank] += loads[expert] / static_cast<double>(ranks[expert].size());
  return of_ranks;
}

Placement place_contiguous(std::uint64_t experts, std::uint64_t ranks, std::uint64_t slots) {
  Placement placement{
      .ranks = ranks, .slots = slots, .expert_of_slot = std::vector<std::uint32_t>(ranks * slots, Placement::kFree)};
  std::uint32_t expert = 0;
  for (std::uint64_t rank = 0; rank < ranks; ++rank)
    for (std::uint64_t slot = 0; slot < experts / ranks + (rank < experts % ranks ? 1 : 0); ++slot)
      placement.expert_of_slot[rank * slots + slot] = expert++;
  return placement;
}

std::uint64_t expert_moves(const Placement& before, const Placement& after) {
  std::uint64_t moves = 0;
  for (std::uint64_t rank = 0; rank < after.ranks; ++rank) {
    std::vector<std::uint32_t> held(before.of_rank(rank).begin(), before.of_rank(rank).end());
    for (const std::uint32_t expert : after.of_rank(rank)) {
      if (expert == Placement::kFree) continue;
      if (std::find(held.begin(), held.end(), expert) == held.end()) {
        ++moves;
        held.push_back(expert);  // a second slot with the same expert copies it on the rank
      }
    }
  }
  return moves;
}

Placement place(const PlacementOptions& options, const Model& model, std::span<const double> loads, std::uint64_t ranks,
                std::uint64_t ranks_per_node) {
  if (options.kind == "contiguous") return place_contiguous(model.experts, ranks, (model.experts + ranks - 1) / ranks);
  const std::uint64_t slots = slots_with(options, model.experts, ranks);
  if (options.kind == "incremental")
    return place_incremental(loads, place_contiguous(model.experts, ranks, slots), options.target);
  if (options.kind != "eplb") throw UsageError(unknown_name("placement", options.kind, placement_kinds()));
  const bool whole_nodes = ranks % ranks_per_node == 0;
  return place_eplb(
      loads,
      {.groups = model.groups, .nodes = whole_nodes ? ranks / ranks_per_node : 1, .ranks = ranks, .slots = slots});
}

}  // namespace weft
