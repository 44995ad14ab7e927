#pragma once

#include <sched.h>

#include "worlds/world.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace weft::shm {

/// Tells the core that this is a waiting loop.
inline void pause_core() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// What a rank does between two looks at a flag: pauses, and gives its core away. With a core per rank it does so
/// rarely (something else may want the core); with fewer cores at once, as the awaited rank may need this very one.
class Patience {
 public:
  explicit Patience(bool oversubscribed) : pauses_(oversubscribed ? 1 : 1 << 14) {}

  void pause() {
    pause_core();
    if (++spins_ % pauses_ == 0) sched_yield();
  }

  /// As pause(), in a loop that asks nobody else whether to give up. Throws what World::check throws.
  void pause(World& world) {
    pause();
    if (spins_ % kPausesPerCheck == 0) world.check();
  }

 private:
  static constexpr unsigned kPausesPerCheck = 1024;
  const unsigned pauses_;
  unsigned spins_ = 0;
};

}  // namespace weft::shm
