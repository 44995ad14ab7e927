#pragma once

#include <cstddef>

#include "core/units.hpp"

namespace weft {

/// What the system does to a core that wants nothing but to compute: fixed work quanta (Petrini, Kerbyson & Pakin 2003;
/// Sottile & Minnich 2004), each of which would take the same time on an undisturbed core.
struct NoiseReport {
  std::size_t quanta = 0;
  double quantum_ns = 0;        ///< the shortest
  double lost_share = 0;        ///< of the time, in quanta longer than 1.5 times the shortest: what they took beyond it
  Nanoseconds largest_gap = 0;  ///< what the longest took beyond the shortest, ns
};

/// Works for about so long on the calling thread, in real time. 0: no quanta.
NoiseReport probe_noise(Nanoseconds duration);

}  // namespace weft
