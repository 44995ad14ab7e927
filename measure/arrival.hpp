#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/random/mersenne_twister.hpp>

#include "core/units.hpp"

namespace weft {

/// Imbalance imposed on purpose: by how much each rank comes later than the common start.
enum class ArrivalPattern : std::uint8_t {
  together,
  one_late,  ///< one rank by the whole duration
  random,    ///< each rank and sample by its own draw from [0, duration]
  ramp,      ///< rank r by r / (n - 1) of the duration
};

struct Arrival {
  ArrivalPattern pattern = ArrivalPattern::together;
  int rank = 0;  ///< one_late: which
  Nanoseconds duration = 0;
};

/// "one-late:3:100000ns", "ramp:2000ns", "together".
std::string describe(const Arrival& arrival);

/// One rank's delays. Completion still counts from the first rank's start, so a sample with a late rank holds the time
/// for which the others wait: what the application sees.
class ArrivalDelays {
 public:
  ArrivalDelays(const Arrival& arrival, int rank, int ranks, std::uint64_t seed);

  /// Of the next sample, ns. The same sequence for the same seed. Allocates nothing.
  Nanoseconds next();

 private:
  Arrival arrival_;
  Nanoseconds fixed_ = 0;
  boost::random::mt19937_64 engine_;
};

}  // namespace weft
