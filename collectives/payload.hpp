#pragma once

#include "collectives/execute.hpp"
#include "core/call.hpp"

namespace weft {

/// Payload whose result is known exactly, whatever the order of the operations, for up to 4,096 ranks and every type.
/// Collectives that only move data carry pseudo-random bytes that depend on sender, receiver, position and salt. Those
/// that reduce carry small whole numbers: at most 7 ranks (other ones for each element) contribute to an element, the
/// rest give the operation's neutral value, so that every partial result is a whole number of at most 128 and exact
/// even in bf16. `salt` changes the payload from iteration to iteration.

/// Writes this rank's input (into `in`, or into `out` where the call is in place) and poisons the rest of `out`.
void fill_payload(const Call& call, const Buffers& buffers, std::uint64_t salt);

/// Number of elements of `out` that differ from the collective's definition. 0 for a rank that receives nothing (the
/// odd last one of send_recv).
std::uint64_t count_wrong(const Call& call, const Buffers& buffers, std::uint64_t salt);

}  // namespace weft
