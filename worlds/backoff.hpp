#pragma once

#include <algorithm>

#include <sched.h>
#include <time.h>

namespace weft {

/// Waiting on the control plane, which is never measured: yields at first, then sleeps up to 1 ms, so that a waiting
/// rank does not take the core from the rank it is waiting for.
class Backoff {
 public:
  void pause() {
    if (++turns_ < kYields) {
      sched_yield();
      return;
    }
    const timespec pause{0, sleep_};
    nanosleep(&pause, nullptr);
    sleep_ = std::min(2 * sleep_, kLongest);
  }

 private:
  static constexpr int kYields = 200;
  static constexpr long kLongest = 1'000'000;
  int turns_ = 0;
  long sleep_ = 20'000;
};

}  // namespace weft
