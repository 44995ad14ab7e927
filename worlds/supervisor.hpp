#pragma once

#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "core/ending_signals.hpp"
#include "worlds/board.hpp"

namespace weft {

/// The parent of the processes that are ranks. It never blocks in a library, so that it notices, names on stderr and
/// ends whatever goes wrong in them:
///   - a rank killed by a signal: at once, unless this process is ended in the same moment, as by a launcher;
///   - a rank that is stopped: when it was for the time-out, or its own deadline passes;
///   - a rank that is kLate beyond its deadline: it is blocked where it never calls World::check().
/// The other ranks see the verdict on the board and have kGrace to leave; whoever is left then is killed. Ranks die
/// with their supervisor, however it ends. In ps and pgrep the ranks are named weft-rank-N, their parent
/// weft-supervisor.
class Supervisor {
 public:
  static constexpr Nanoseconds kLate = 2'000'000'000;
  static constexpr Nanoseconds kGrace = 2'000'000'000;

  /// One child for each rank of the board, which outlives the supervisor; in messages they are `first_rank` and up.
  /// `timeout` as in LaunchOptions.
  Supervisor(Board& board, int first_rank, Nanoseconds timeout)
      : board_(board), first_rank_(first_rank), timeout_(timeout) {}

  /// Forks the children, which run `child(index)` and leave with its result as exit code, without the parent's
  /// destructors. Gives the exit code of the launch when all have ended: the largest of theirs, at least
  /// ExitCode::failed when one was lost; 128 + signal when SIGINT, SIGTERM or SIGHUP ended this process's wait.
  int run(const std::function<int(int index)>& child);

 private:
  struct Child {
    pid_t pid = 0;
    bool running = true;
    Nanoseconds stopped_at = 0;
  };

  void start(const std::function<int(int index)>& child);
  void interrupt(int signal);
  void collect();
  void collect(int index, int status);
  void judge_killed(int index, int signal);
  void watch();
  void finish_grace();
  void lose(int index, const std::string& what);
  void kill_all();
  int find_stopped() const;
  int find_overdue(Nanoseconds now) const;
  bool any_running() const;
  std::string describe_stuck(int index) const;

  const EndingSignals signals_;
  Board& board_;
  int first_rank_;
  Nanoseconds timeout_;
  std::vector<Child> children_;
  Nanoseconds kill_at_ = 0;  // end of the grace; 0: nothing is wrong yet
  int interrupted_ = 0;      // the signal that ended the wait
  int largest_ = 0;
};

}  // namespace weft
