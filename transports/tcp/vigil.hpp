#pragma once

#include "core/units.hpp"

namespace weft::tcp {

/// Whether the link behind a connection is cut, as far as a sender can see: its kernel sends again and again and has
/// heard nothing for kSilence. (A peer that is alive and does not read answers, and is waited for.)
bool link_is_silent(int descriptor);

inline constexpr Nanoseconds kSilence = 10'000'000'000;

/// Says once a second, to a loop that asks very often, that it is time to look at the connections.
class Vigil {
 public:
  bool due() {
    if (++asked_ % kAskedPerClock != 0) return false;
    const Nanoseconds now = monotonic_now();
    if (now < next_) return false;
    const bool late = next_ != 0;
    next_ = now + 1'000'000'000;
    return late;
  }

 private:
  static constexpr unsigned kAskedPerClock = 1024;
  unsigned asked_ = 0;
  Nanoseconds next_ = 0;
};

}  // namespace weft::tcp
