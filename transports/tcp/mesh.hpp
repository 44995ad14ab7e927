#pragma once

#include <string>
#include <vector>

#include "core/descriptor.hpp"
#include "transports/tcp_options.hpp"
#include "worlds/world.hpp"

namespace weft::tcp {

/// What connects this rank with the others.
struct Mesh {
  std::vector<std::vector<Descriptor>> sockets;  ///< by peer and stream, non-blocking; none to this rank itself
  std::vector<std::string> hosts;                ///< by rank
};

/// Connects every rank with every other by options.streams connections, the lower rank the connecting one, which may
/// take as long as `limit`. Collective. Throws TransportError, then on all ranks, and what the World throws.
Mesh connect_all(World& world, const TcpOptions& options, Nanoseconds limit);

}  // namespace weft::tcp
