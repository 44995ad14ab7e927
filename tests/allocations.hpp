#pragma once

#include <cstddef>

namespace weft {

/// How often this thread has called operator new, which allocations.cpp replaces.
std::size_t allocations();

}  // namespace weft
