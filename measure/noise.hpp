#pragma once

#include <cstddef>
#include <vector>

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

/// Sums up the durations of any number of quanta in bounded memory. What a quantum lost is known only with the shortest
/// of all; those that may turn out to be undisturbed are therefore counted by their duration, to the nanosecond.
class NoiseTally {
 public:
  /// `first`: the duration of one of the quanta, which counts. What takes more than 1.5 times as long is disturbed
  /// whatever the shortest will be.
  explicit NoiseTally(Nanoseconds first);

  /// Allocates nothing.
  void add(Nanoseconds quantum);

  NoiseReport report() const;

 private:
  Nanoseconds bin_;                  ///< width of the counts, ns: 1, unless a quantum lasts 1 ms
  std::vector<std::size_t> counts_;  ///< of quanta by duration
  std::size_t quanta_ = 0, long_ = 0;
  double total_ = 0, long_total_ = 0;  ///< ns, of all quanta, and of those that are beyond the counts
  Nanoseconds shortest_, longest_ = 0;
};

/// Works for about so long on the calling thread, in real time. 0: no quanta.
NoiseReport probe_noise(Nanoseconds duration);

}  // namespace weft
