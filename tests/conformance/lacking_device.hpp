#pragma once

#include <string>

#include "transports/registry.hpp"
#include "worlds/registry.hpp"

namespace weft {

/// Empty where this machine has the device that the transport needs, or it needs none; else a sentence. Asked in a
/// process of its own: CUDA does not survive the forks that come later.
inline std::string lacking_device(const Transport& transport) {
  if (transport.needs_device.empty()) return {};
  const int refused = worlds::registry().find("local").launch(
      {.ranks = 1}, [&](World& world) { return transport.refuses(world, {}).empty() ? 0 : 1; });
  return refused == 0 ? "" : transport.name + " needs " + transport.needs_device + ", and this machine has none";
}

}  // namespace weft
