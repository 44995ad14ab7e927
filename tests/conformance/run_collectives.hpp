#pragma once

#include <functional>
#include <string>
#include <vector>

#include "collectives/registry.hpp"
#include "transports/registry.hpp"
#include "worlds/world.hpp"

namespace weft {

/// Runs every variant of the algorithm (sizes 0, 1, odd, large; types; in place) on this rank of the transport with
/// payload. Returns a sentence, on every rank, for each call that leaves wrong elements on any rank, or that allocates.
/// Collective. `algorithm` null: the transport's own collectives instead, those that it does not refuse.
std::vector<std::string> run_and_check(World& world, const Transport& transport, const Algorithm* algorithm);

/// The same as a RankMain: rank 0 says the failures on stderr; 0 where there are none, else 1. Collective.
int check_collectives(World& world, const Transport& transport, const Algorithm* algorithm);

}  // namespace weft
