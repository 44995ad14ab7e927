#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "collectives/program.hpp"
#include "transports/communicator.hpp"
#include "worlds/world.hpp"

namespace weft {

/// Where a program's spaces lie in memory; each from Communicator::allocate, at least as long as the program says.
/// Spaces of size 0 may be null. In place, `in` is not used.
struct Buffers {
  std::byte* in = nullptr;
  std::byte* out = nullptr;
  std::byte* scratch = nullptr;
};

/// Rewrites recv_reduce into recv + reduce where the transport does not offer it: the arriving bytes land in scratch
/// (which grows), and are reduced right after the next wait.
Program lower(const Program& program, const Communicator& communicator);

/// When a step ran: from when its lane came to it to when it let the lane go on. A send or recv is only started by
/// then; it is complete at the end of its lane's next wait.
struct StepTime {
  std::int32_t lane = 0;
  std::int32_t step = 0;  ///< of the lane
  Nanoseconds start = 0;
  Nanoseconds end = 0;
};

/// Runs one lowered program any number of times. Everything is allocated and looked up in the constructor; prepare()
/// and run() allocate nothing. The program and the communicator must outlive it; `world` is asked in waiting loops
/// whether to give up.
class Executor {
 public:
  Executor(const Program& program, Communicator& communicator, World& world);

  /// Before each run(): which buffers it works on. Apart from it, so that a timed run holds the program's steps alone.
  void prepare(const Buffers& buffers);

  /// Runs the program once. Every rank runs its own program of the same traffic. Throws what the communicator throws,
  /// RankLost and TimedOut.
  void run();

  void run(const Buffers& buffers) {
    prepare(buffers);
    run();
  }

  /// Runs the program once and writes down every step. For looking at, not for timing: the clock is read at each step.
  /// Throws as run().
  void run_traced(const Buffers& buffers, const std::function<Nanoseconds()>& clock, std::vector<StepTime>& log);

 private:
  struct LaneState {
    const Step* next = nullptr;
    const Step* end = nullptr;
    Pending pending;
    Nanoseconds computes_until = kIdle;
  };
  static constexpr Nanoseconds kIdle = -1;

  template <typename Advance>
  void run_lanes(Advance advance);             ///< until all have ended
  bool advance(LaneState& lane, int channel);  ///< runs steps until the lane blocks; false where none ran
  bool start(const Step& step, LaneState& lane, int number);  ///< false: the step blocks
  void wait_for_progress(bool moved);

  std::byte* at(Space space, Bytes offset) const { return bases_[static_cast<std::size_t>(space)] + offset; }

  const Program& program_;
  Communicator& communicator_;
  World& world_;
  Reduction reduction_;
  std::byte* bases_[3] = {};
  std::vector<LaneState> lanes_;
  std::vector<char> events_;
  std::size_t unfinished_ = 0;  // lanes
  unsigned spins_ = 0;
};

}  // namespace weft
