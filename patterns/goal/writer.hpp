#pragma once

#include <cstdint>
#include <iosfwd>
#include <map>
#include <vector>

#include "collectives/program.hpp"

namespace weft {

enum class GoalCpus : std::uint8_t { per_lane, one };

/// Writes programs as a GOAL schedule, rank after rank:
///  - send, recv and recv_reduce are `send` and `recv` with the lane's channel as tag;
///  - compute is `calc`, in ns, on a cpu of the lane's own (cpu 0 has messages and joins), or all on cpu 0;
///  - copy and reduce are left out, and what comes after them requires what came before;
///  - the order of a lane, wait, signal and await are `requires`. Where more than two operations must have ended, a
///    `calc 0` joins them.
class GoalWriter {
 public:
  /// Writes the head. `out` must outlive it.
  GoalWriter(std::ostream& out, int ranks, GoalCpus cpus = GoalCpus::per_lane);

  /// The next rank's program. Throws UsageError where it has native steps.
  void write(const Program& program);

 private:
  using Operations = std::vector<std::uint32_t>;

  /// How far a lane has been written.
  struct Progress {
    std::size_t next = 0;
    Operations required;     ///< what must have ended before the next step starts
    Operations outstanding;  ///< messages that have started and not been waited for
    bool newer = false;      ///< `required` has changed since the last of them
    int cpu = 0;
  };

  bool advance(const Program& program, std::size_t lane);
  bool write_step(const Program& program, std::size_t lane, const Step& step);  ///< false: it awaits what is to come
  void message(const Step& step, int tag, Progress& progress);
  void calc(Nanoseconds duration, int cpu, Progress& progress);
  void wait(Progress& progress);
  void settle(Progress& progress);
  std::uint32_t begin_operation();
  void end_operation(std::uint32_t operation, const Operations& required);

  std::ostream& out_;
  GoalCpus cpus_;
  std::uint32_t operations_ = 0;      ///< of the rank
  std::vector<Progress> lanes_;       ///< of the rank
  std::map<int, Operations> events_;  ///< of the rank: what has ended when they happen
};

}  // namespace weft
