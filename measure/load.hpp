#pragma once

#include "measure/timed_ranks.hpp"
#include "results/samples.hpp"

namespace weft {

/// What ranks that are not timed do beside the others: so many rounds, begun `lead` ns before them.
struct Load {
  int rounds = 1;
  Nanoseconds lead = 0;

  bool operator==(const Load&) const = default;
};

inline constexpr Nanoseconds kLeastLead = 100'000;  ///< queues fill within it, and ranks that share a core get to run
inline constexpr int kMostLoadRounds = 100'000;

/// The load that would last twice as long as its lead and what nine in ten operations of those that are timed take, by
/// samples with every rank's times beside `tried`, and lead by one round of its own; one round more, by which ranks of
/// the load may be ahead of each other. Not less than was tried.
Load load_needed(const Samples& samples, const TimedRanks& timed, const Load& tried);

}  // namespace weft
