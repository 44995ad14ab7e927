#pragma once

#include <span>
#include <vector>

#include "worlds/world.hpp"

namespace weft {

/// The largest of each value over the ranks, which all give equally many. Collective.
std::vector<double> largest_over_ranks(World& world, std::span<const double> mine);
double largest_over_ranks(World& world, double mine);

}  // namespace weft
