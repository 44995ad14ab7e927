#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "collectives/program.hpp"
#include "collectives/registry.hpp"

namespace weft {

/// What the static checks found wrong, a sentence each that names rank, lane and step; empty is good.
using Findings = std::vector<std::string>;

/// Checks the programs of all ranks (index = rank) without running them on a transport:
///  - every send meets a receive of the same channel, order and length;
///  - no deadlock even where a send completes only with its receive (rendezvous);
///  - every region lies within its space, peers within the ranks, events within the program's;
///  - no step touches bytes that an unfinished operation of this rank writes, nor writes bytes that one reads, unless
///    ordered by wait or signal/await.
/// A `native` step is a finding: it cannot be looked into.
Findings verify_traffic(std::span<const Program> programs);

/// verify_traffic, and: executed symbolically from distinct inputs, every element of every rank's `out` is what the
/// collective's definition says, `in` is not written, and each rank's sent bytes equal the algorithm's formula. The
/// call is rank 0's; the others differ in the rank only. Throws UsageError where the algorithm refuses the call.
Findings verify_collective(const Algorithm& algorithm, const Call& call_of_rank0);

/// The same of programs that are at hand: lowered ones, or changed by a test.
Findings verify_programs(const Algorithm& algorithm, const Call& call_of_rank0, std::span<const Program> programs);

/// The nodes for which an algorithm that works by them is checked on so many ranks: each number of nodes that divides
/// them into several ranks each, in order; and two nodes to which they are dealt in turns. Of other algorithms null
/// only.
std::vector<std::shared_ptr<const Nodes>> nodes_to_check(const Algorithm& algorithm, int ranks);

}  // namespace weft
