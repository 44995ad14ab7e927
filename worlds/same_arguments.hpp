#pragma once

#include <string>

#include "worlds/world.hpp"

namespace weft {

/// The same on every rank: empty, or a sentence that names a rank which was started with other arguments than rank 0
/// (the program's name apart, which may be spelled differently on each host). Collective. Throws RankLost or TimedOut.
std::string find_other_arguments(World& world);

}  // namespace weft
