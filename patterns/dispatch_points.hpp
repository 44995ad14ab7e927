#pragma once

#include <vector>

#include "patterns/decisions.hpp"
#include "patterns/registry.hpp"

namespace weft {

/// The points of request.dispatchers, one for each of the request's exchanges: programs that move every token by
/// itself, beside the all-to-all-v of the same routing. `like` has what the pattern's points have in common. Throws
/// UsageError where the tokens are not as many on every rank.
std::vector<Point> dispatch_points(const Decisions& decisions, const Model& model, const Request& request, int ranks,
                                   const Point& like);

}  // namespace weft
