#pragma once

#include <functional>
#include <string>
#include <vector>

#include "collectives/registry.hpp"
#include "transports/registry.hpp"
#include "worlds/world.hpp"

namespace weft {

/// Null: the transport's own collectives, those that it does not refuse.
using Algorithms = std::vector<const Algorithm*>;

/// Whether each message takes it so long that it gets fewer ranks, and of the types the shortest: Gloo has several
/// threads hand a message on to each other, for which they wait for a core.
bool is_slow(const Transport& transport);

/// The registered ones that work by nodes, of which there are many; or the others, and null.
Algorithms algorithms(bool by_node);

/// Runs every variant of the algorithms (sizes 0, 1, odd, large; types; in place), one after another on the same end of
/// the transport, with payload. Returns a sentence, on every rank, for each call that leaves wrong elements on any
/// rank, or that allocates. Collective.
std::vector<std::string> run_and_check(World& world, const Transport& transport, const Algorithms& algorithms);

/// The same as a RankMain: rank 0 says the failures on stderr; 0 where there are none, else 1. Collective.
int check_collectives(World& world, const Transport& transport, const Algorithms& algorithms);

}  // namespace weft
