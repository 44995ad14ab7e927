#pragma once

#include "collectives/program.hpp"
#include "core/call.hpp"

namespace weft::collectives {

/// Writes an all_to_all or all_to_allv in two levels, of nodes that refuses_nodes() does not refuse. Inside the node a
/// rank gives each other one what goes to the ranks of that one's index, on whatever node, packed into one message;
/// then the ranks of an index exchange, one message from node to node with what all ranks of the one have for this rank
/// of the other. What then does not lie in order in `out` is copied there. Packed and unpacked in scratch.
void exchange_in_two_levels(const Call& call, Program& program, Lane& lane);

}  // namespace weft::collectives
