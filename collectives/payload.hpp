#pragma once

#include "collectives/execute.hpp"
#include "core/call.hpp"

namespace weft {

/// Payload whose result is known exactly, for any rank count, type and operation: small whole numbers whose sums and
/// products stay exact in the type whatever the order. `salt` changes the payload from iteration to iteration.

/// Writes this rank's input (into `in`, or into `out` where the call is in place) and poisons the rest of `out`.
void fill_payload(const Call& call, const Buffers& buffers, std::uint64_t salt);

/// Number of elements of `out` that differ from the collective's definition.
std::uint64_t count_wrong(const Call& call, const Buffers& buffers, std::uint64_t salt);

}  // namespace weft
