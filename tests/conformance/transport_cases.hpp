#pragma once

#include "transports/registry.hpp"

namespace weft {

/// What every transport promises of its messages, checked by all ranks of a world; its own collectives are checked by
/// run_and_check. Collective. Says on stderr what failed; 0 where nothing did, else 1: a RankMain.
int check_transport(World& world, const Transport& transport, bool oversubscribed);

}  // namespace weft
