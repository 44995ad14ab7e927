#pragma once

#include <cstdint>
#include <vector>

#include "patterns/model.hpp"

namespace weft {

/// How many of `destinations` (ranks or nodes that hold equally many experts) a token goes to on average under uniform
/// routing without groups, its own rank or node included: D(R) = R (1 - C(E - E/R, k) / C(E, k)), since a destination
/// is spared where all k experts lie among the E - E/R others.
double expected_destinations(std::uint64_t experts, std::uint64_t top_k, std::uint64_t destinations);

/// The same for a model, for each number of destinations: by that formula, or where its routing is limited to groups
/// (DeepSeek-V3), which has no closed form, by drawing `tokens` tokens with Router. Each number must divide the
/// experts; destination i holds the i-th run of them.
inline constexpr std::uint64_t kSimulatedTokens = 100'000;  ///< standard error below 0.05 %
std::vector<double> expected_destinations(const Model& model, const std::vector<std::uint64_t>& numbers,
                                          std::uint64_t tokens = kSimulatedTokens);

}  // namespace weft
