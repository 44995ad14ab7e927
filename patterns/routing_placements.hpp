#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "patterns/decisions.hpp"
#include "patterns/model.hpp"
#include "patterns/placement.hpp"

namespace weft {

/// Where and how experts lie.
struct ExpertLayout {
  int ranks = 1;
  int ranks_per_node = 8;  ///< the last node may have fewer
  PlacementOptions placement;

  std::uint64_t nodes() const { return static_cast<std::uint64_t>((ranks + ranks_per_node - 1) / ranks_per_node); }
};

/// The placement that each routing has. One that is balanced is made for each routing from the experts' loads in it,
/// which takes a pass over the decisions.
class RoutingPlacements {
 public:
  /// Throws UsageError where there are more ranks than experts or the slots cannot be dealt evenly, and what reading
  /// the decisions throws.
  RoutingPlacements(const Decisions& decisions, const Model& model, const ExpertLayout& layout);

  const Placement& operator[](std::size_t routing) const { return placements_[same_ ? 0 : routing]; }

 private:
  bool same_;  ///< for all routings
  std::vector<Placement> placements_;
};

/// The place of each source among all of them by its number.
std::vector<std::size_t> places_by_number(const std::vector<std::uint64_t>& numbers);

/// Takes the tokens of one routing to the slots of their experts: an expert's replicas take its tokens in turn.
class ReplicaTurns {
 public:
  struct Slot {
    std::uint32_t rank = 0;
    std::uint32_t number = 0;  ///< in the placement
  };

  ReplicaTurns(const Placement& placement, std::uint64_t experts);

  /// The slot of the expert's next token.
  const Slot& next(std::uint32_t expert) {
    const std::vector<Slot>& slots = slots_[expert];
    return slots.size() == 1 ? slots[0] : slots[turns_[expert]++ % slots.size()];
  }

 private:
  std::vector<std::vector<Slot>> slots_;  // of each expert
  std::vector<std::uint64_t> turns_;
};

}  // namespace weft
