#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/call.hpp"
#include "core/units.hpp"

namespace weft {

/// Who is measured, and who loads the fabric meanwhile: disjoint, together all ranks.
struct CongestRanks {
  std::vector<int> victims;     ///< neighbours in this order are on two nodes, where there are two
  std::vector<int> aggressors;  ///< the first is the root of incast and broadcast
};

inline constexpr int kFewestCongestRanks = 4;  ///< two of either kind

/// Deals the ranks, in an order that follows from the seed, to the nodes in turn: the first are victims, `share` of
/// all, two at least and two fewer than there are at most. The root is an aggressor of a victim's node, where there is
/// one. At least kFewestCongestRanks ranks.
CongestRanks split_ranks(const Nodes& nodes, double share, std::uint64_t seed);

/// What aggressors do round after round; each rank waits in each round for all that it talks to.
const std::vector<std::string>& aggressions();

/// Bytes from aggressor to aggressor in a round, each a message: `bytes` from each to each (all_to_all), from each to
/// the first (incast) or from the first to each (broadcast), which are answered by a byte.
TrafficMatrix aggression_matrix(const std::string& aggression, std::size_t aggressors, Bytes bytes);

}  // namespace weft
