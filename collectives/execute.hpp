#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "collectives/compute.hpp"
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
/// then; it is complete at the end of its lane's next wait. A call runs from its first step's start to its last one's
/// end, and comes after them.
struct StepTime {
  std::int32_t lane = 0;
  std::int32_t routine = -1;  ///< that the step is of; -1: it is the lane's own
  std::int32_t step = 0;      ///< of the routine, or of the lane
  Nanoseconds start = 0;
  Nanoseconds end = 0;
};

/// The step that ran.
const Step& step_of(const Program& program, const StepTime& time);

/// Of which steps the times are taken.
enum class TraceDepth : std::uint8_t {
  steps,  ///< all
  calls,  ///< the lanes' own: what a routine does is one of them
};

/// Runs one lowered program any number of times. Everything is allocated and looked up in the constructor; prepare()
/// and run() allocate nothing. The program and the communicator must outlive it; `world` is asked in waiting loops
/// whether to give up.
class Executor {
 public:
  /// With ProgressMode::thread the lanes that compute may do nothing but compute, signal and await; a thread of their
  /// own runs them as long as the executor lives.
  Executor(const Program& program, Communicator& communicator, World& world, const ComputeOptions& compute = {});
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  /// Before each run(): which buffers it works on. Apart from it, so that a timed run holds the program's steps alone.
  void prepare(const Buffers& buffers);

  /// Runs the program once. Every rank runs its own program of the same traffic. Throws what the communicator throws,
  /// RankLost and TimedOut.
  void run();

  void run(const Buffers& buffers) {
    prepare(buffers);
    run();
  }

  /// Runs the program once and tells `sink` of every step as it ends. For looking at, not for timing: the clock is read
  /// at each step. Throws as run().
  void run_traced(const Buffers& buffers, TraceDepth depth, const std::function<Nanoseconds()>& clock,
                  const std::function<void(const StepTime&)>& sink);

 private:
  struct LaneState {
    const Step* next = nullptr;
    const Step* end = nullptr;
    const Step* call = nullptr;  // whose routine the lane is in, and the end of the steps that it stands in
    const Step* call_end = nullptr;
    Pending pending;
    Nanoseconds computes_until = kIdle;

    bool ended() const { return next == end && call == nullptr; }
  };
  class Tracer;
  class ComputeThread;
  static constexpr Nanoseconds kIdle = -1;
  static constexpr Nanoseconds kNow = 0;  // real work: there is nothing to wait for

  template <typename Advance>
  void run_lanes(Advance advance);  ///< until all have ended
  template <typename Advance>
  void run_own_lanes(Advance& advance);       ///< the same, those apart that the compute thread runs
  bool advance(LaneState& lane, int number);  ///< runs steps until the lane blocks; false where none ran
  void enter(LaneState& lane) const;          ///< the routine that its next step calls
  static void leave(LaneState& lane);         ///< the routine that it has ended
  bool start(const Step& step, LaneState& lane, int number);            ///< false: the step blocks
  bool compute(const Step& step, LaneState& lane, std::size_t number);  ///< false: not done yet
  bool is_elsewhere(std::size_t lane) const;                            ///< on the compute thread
  bool happened(int event) const;
  void wait_for_progress(bool moved);

  std::byte* at(Space space, Bytes offset) const { return bases_[static_cast<std::size_t>(space)] + offset; }

  const Program& program_;
  Communicator& communicator_;
  World& world_;
  const Reduction& reduction(const Step& step) const {
    return reductions_[static_cast<std::size_t>(step.dtype.value_or(program_.dtype))];
  }

  std::vector<Reduction> reductions_;  // by datatype
  std::byte* bases_[3] = {};
  std::vector<LaneState> lanes_;
  std::vector<std::atomic<char>> events_;
  std::vector<std::unique_ptr<ComputeUnit>> units_;  // by lane; null where no real work is done
  bool working_ = false;                             // a slice of real work was done since lanes were last looked at
  std::size_t unfinished_ = 0;                       // lanes
  unsigned spins_ = 0;
  bool apart_ = false;                     // lanes that compute have a thread; both threads read it
  std::unique_ptr<ComputeThread> thread_;  // null: lanes compute on this one, or a run was given up
};

}  // namespace weft
