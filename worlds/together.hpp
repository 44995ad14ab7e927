#pragma once

#include <string>

#include "core/error.hpp"
#include "worlds/world.hpp"

namespace weft {

/// All ranks throw TransportError, "rank N: " and the reason of the first that has one; else none does. Collective.
void agree_on_failure(World& world, const std::string& reason);

/// After a connection to another rank broke: gives the World a second and a half to throw what it knows of that rank,
/// which says more than a broken connection does; returns where it knows nothing. Not collective.
void hear_of_losses(World& world);

/// Runs `action`, and agrees on whether it threw TransportError anywhere. Collective.
template <typename Action>
void together(World& world, Action action) {
  std::string reason;
  try {
    action();
  } catch (const TransportError& error) {
    reason = error.what();
  }
  agree_on_failure(world, reason);
}

}  // namespace weft
