#pragma once

#include "transports/registry.hpp"
#include "worlds/world.hpp"

namespace weft::nccl {

/// Gives each rank of a host its device, in turn, and makes it the calling thread's. NCCL refuses ranks of one host
/// that have one device: so does this, unless TransportOptions::share_devices, when it tells NCCL that each rank has a
/// host of its own. Before anything of NCCL's is called. Collective. Throws TransportError on every rank alike.
void take_seat(World& world, const TransportOptions& options);

}  // namespace weft::nccl
