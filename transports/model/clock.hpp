#pragma once

#include <boost/random/mersenne_twister.hpp>

#include "transports/fabric_model.hpp"
#include "worlds/fibers.hpp"

namespace weft {

/// The clock of one simulated rank: base + offset + t (1 + drift) at virtual time t. The base is the largest offset, so
/// that no clock is ever negative; where there is no offset and no drift, every clock shows the virtual time.
class ModelClock {
 public:
  ModelClock() = default;
  /// Draws offset and drift; with no engine the clock is the reference, which has none.
  ModelClock(const FabricModel& model, boost::random::mt19937_64* engine);

  /// What it shows at a virtual time, ns, rounded down.
  Nanoseconds shows(Picoseconds time) const;
  /// The first virtual time at which it shows so many ns, or more; kNever for the largest value.
  Picoseconds time_of(Nanoseconds shown) const;

 private:
  Picoseconds exact(Picoseconds time) const;

  Picoseconds start_ = 0;
  double drift_ = 0;
};

}  // namespace weft
