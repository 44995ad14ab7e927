#pragma once

#include <vector>

#include "measure/barrier.hpp"
#include "measure/global_clock.hpp"
#include "measure/round_time.hpp"
#include "measure/timer.hpp"

namespace weft {

/// What the points of one transport are measured with.
struct Instruments {
  /// Collective. `nodes`: for each rank the number of its host.
  Instruments(Communicator& communicator, World& world, StartSync sync, TimerKind kind, std::vector<int> nodes)
      : timer(communicator, kind),
        clock(communicator, world, timer, std::move(nodes)),
        barrier(communicator, world, sync == StartSync::native ? StartSync::native : StartSync::barrier),
        round_time(communicator, world) {}
  Instruments(const Instruments&) = delete;
  Instruments& operator=(const Instruments&) = delete;

  Timer timer;
  GlobalClock clock;
  StartBarrier barrier;
  RoundTime round_time;
};

}  // namespace weft
