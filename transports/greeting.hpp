#pragma once

#include <string>
#include <vector>

#include "transports/communicator.hpp"
#include "worlds/world.hpp"

namespace weft {

/// A byte from each rank to each on `channel`, for libraries that connect two ranks at their first message. `hosts`: by
/// rank, `transport`: its name, for the error that names a rank which has not answered in 20 s. Collective. Throws
/// TransportError, on this rank alone, and what the World throws.
void greet(World& world, Communicator& communicator, int channel, const std::vector<std::string>& hosts,
           const std::string& transport);

}  // namespace weft
