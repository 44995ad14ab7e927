#include "transports/model/clock.hpp"

#include <algorithm>
#include <cmath>

#include <boost/random/uniform_int_distribution.hpp>
#include <boost/random/uniform_real_distribution.hpp>

namespace weft {

ModelClock::ModelClock(const FabricModel& model, boost::random::mt19937_64* engine) {
  const Nanoseconds most = model.clock_offset;
  Nanoseconds start = most;
  if (engine != nullptr && most > 0)
    start += boost::random::uniform_int_distribution<Nanoseconds>(-most, most)(*engine);
  start_ = to_picoseconds(start);
  if (engine != nullptr && model.clock_drift > 0)
    drift_ = boost::random::uniform_real_distribution<double>(-model.clock_drift, model.clock_drift)(*engine) * 1e-6;
}

Picoseconds ModelClock::exact(Picoseconds time) const {
  return start_ + time + (drift_ == 0 ? 0 : std::llround(static_cast<double>(time) * drift_));
}

Nanoseconds ModelClock::shows(Picoseconds time) const { return exact(time) / kPicosecondsPerNanosecond; }

Picoseconds ModelClock::time_of(Nanoseconds shown) const {
  const Picoseconds wanted = to_picoseconds(shown);
  if (wanted > kNever / 2) return kNever;  // beyond what a run lasts
  const Picoseconds past = wanted - start_;
  const double ahead = drift_ == 0 ? 0 : static_cast<double>(past) * drift_ / (1 + drift_);
  Picoseconds time = std::max<Picoseconds>(0, past - std::llround(ahead));
  // Rounding leaves it a few ps early or late; early would make the caller wait for nothing.
  while (exact(time) < wanted) time += wanted - exact(time);
  while (time > 0 && exact(time - 1) >= wanted) --time;
  return time;
}

}  // namespace weft
