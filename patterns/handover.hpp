#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "patterns/schedules/schedule.hpp"

namespace weft {

/// What moves between the stages of a pipeline: activations forward, gradients backward.
enum class Flow : std::uint8_t { activations, gradients };

/// What the pass takes from one neighbour and gives to the other; none for the weight gradient.
std::optional<Flow> flow_of(Pass pass);

/// What one virtual stage hands to the next, or gives back, for each micro-batch of their path.
struct Handover {
  Flow flow = Flow::activations;
  Seat from;
  Seat to;
  int lane = 0;  ///< of the programs at both ends; 0 where both are on one device and no message is needed

  bool is_message() const { return from.device != to.device; }
};

/// All of them, the same on every rank. No device has two of one lane, so that each lane only sends or only receives
/// and a channel carries one handover; lanes are numbered from 1, as low as that allows.
std::vector<Handover> handovers_of(const std::vector<Path>& paths);

}  // namespace weft
