#pragma once

#include <vector>

#include "collectives/account.hpp"
#include "measure/global_clock.hpp"
#include "worlds/world.hpp"

namespace weft {

/// Brings every rank's account to rank 0, with the times on the common clock; empty elsewhere. Collective.
std::vector<RankAccount> merge_accounts(World& world, const GlobalClock& clock, const RankAccount& mine);

}  // namespace weft
