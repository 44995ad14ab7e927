#pragma once

#include "core/registry.hpp"
#include "patterns/dispatchers/dispatcher.hpp"

namespace weft {

/// Asks for every dispatcher; it is in no registry.
inline constexpr const char* kAllDispatchers = "all";

namespace dispatchers {
const Registry<TokenDispatcher>& registry();
}

}  // namespace weft
