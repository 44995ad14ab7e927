#pragma once

#include <string>
#include <string_view>

#include "worlds/world.hpp"

namespace weft {

/// For a transport that serves in any real world: empty in one, and a sentence where the ranks take turns in one
/// thread.
std::string refuses_fibers(std::string_view transport, const World& world);

}  // namespace weft
