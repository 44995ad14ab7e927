#include "patterns/routing_placements.hpp"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "core/error.hpp"

namespace weft {

RoutingPlacements::RoutingPlacements(const Decisions& decisions, const Model& model, const ExpertLayout& layout)
    : same_(layout.placement.kind == PlacementOptions{}.kind) {
  const auto ranks = static_cast<std::uint64_t>(layout.ranks);
  if (ranks > model.experts)
    throw UsageError(
        fmt::format("{} has {} experts: {} ranks cannot each hold one", model.name, model.experts, layout.ranks));
  std::vector<std::vector<double>> loads;
  if (same_)
    loads.emplace_back();  // it needs none
  else
    decisions.each_token([&](std::size_t routing, std::size_t /*source*/, std::span<const std::uint32_t> experts) {
      while (loads.size() <= routing) loads.emplace_back(model.experts);
      for (const std::uint32_t expert : experts) ++loads[routing][expert];
    });
  for (const std::vector<double>& of_experts : loads)
    placements_.push_back(
        place(layout.placement, model, of_experts, ranks, static_cast<std::uint64_t>(layout.ranks_per_node)));
}

std::vector<std::size_t> places_by_number(const std::vector<std::uint64_t>& numbers) {
  std::vector<std::uint64_t> sorted = numbers;
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::size_t> places;
  for (const std::uint64_t number : numbers)
    places.push_back(static_cast<std::size_t>(std::lower_bound(sorted.begin(), sorted.end(), number) - sorted.begin()));
  return places;
}

ReplicaTurns::ReplicaTurns(const Placement& placement, std::uint64_t experts) : slots_(experts), turns_(experts) {
  for (std::uint32_t slot = 0; slot < placement.expert_of_slot.size(); ++slot)
    if (const std::uint32_t expert = placement.expert_of_slot[slot]; expert != Placement::kFree)
      slots_[expert].push_back({static_cast<std::uint32_t>(slot / placement.slots), slot});
}

}  // namespace weft
