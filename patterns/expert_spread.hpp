#pragma once

#include <cstdint>
#include <vector>

#include "patterns/model.hpp"

namespace weft {

/// How many destinations (ranks or nodes that hold equally many experts) a token of the model goes to on average under
/// uniform routing, its own included, for each number of destinations: by expected_distinct(), or where its routing is
/// limited to groups (DeepSeek-V3), which has no closed form, by drawing `tokens` tokens with Router. Each number must
/// divide the experts; destination i holds the i-th run of them.
inline constexpr std::uint64_t kSimulatedTokens = 100'000;  ///< standard error below 0.05 %
std::vector<double> expected_destinations(const Model& model, const std::vector<std::uint64_t>& numbers,
                                          std::uint64_t tokens = kSimulatedTokens);

}  // namespace weft
