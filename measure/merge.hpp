#pragma once

#include <vector>

#include "results/samples.hpp"
#include "worlds/world.hpp"

namespace weft {

/// One rank's timed iterations on its own clock.
struct LocalTimes {
  std::vector<Nanoseconds> start;
  std::vector<Nanoseconds> end;
};

/// Merges the ranks' times into completion, slowest and the means of the ranks. Collective; complete on rank 0, empty
/// elsewhere. With one clock for all ranks (one host, or virtual time) an iteration's completion is max over ranks of
/// the end - min over ranks of the start; otherwise the longest of the ranks' own durations, since starts on different
/// clocks cannot be compared.
void merge_times(World& world, const LocalTimes& mine, bool one_clock, Samples& samples);

}  // namespace weft
