#pragma once

#include "transports/registry.hpp"

namespace weft {

/// What every transport promises, checked by all ranks of a world. Collective. Says on stderr what failed; 0 where
/// nothing did, else 1: a RankMain.
int check_transport(World& world, const Transport& transport);

}  // namespace weft
