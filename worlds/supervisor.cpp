#include "worlds/supervisor.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/system.hpp"
#include "worlds/shared_world.hpp"

namespace weft {
namespace {

// How often deadlines are looked at; a child's change of state wakes the supervisor at once. Rare, because it runs on
// the cores that are being measured.
constexpr Nanoseconds kTick = 200'000'000;
constexpr Nanoseconds kMoment = 10'000'000;

void flush_all() {
  std::cout.flush();
  std::cerr.flush();
  std::fflush(nullptr);
}

// What ps and pgrep show (15 bytes): a rank's supervisor has the same command line as the rank, and it is the rank that
// one wants to look at. As before when it goes.
class ProcessName {
 public:
  explicit ProcessName(const char* name) {
    prctl(PR_GET_NAME, before_.data());
    prctl(PR_SET_NAME, name);
  }
  ProcessName(const ProcessName&) = delete;
  ProcessName& operator=(const ProcessName&) = delete;
  ~ProcessName() { prctl(PR_SET_NAME, before_.data()); }

 private:
  std::array<char, 16> before_{};
};

[[noreturn]] void be_child(pid_t parent, int rank, int index, const std::function<int(int)>& child) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NAME, fmt::format("weft-rank-{}", rank).c_str());
  if (getppid() != parent) _exit(static_cast<int>(ExitCode::failed));  // the parent died before the line above
  signal(SIGINT, SIG_IGN);  // a terminal's Ctrl-C reaches all; the supervisor acts on it
  int code = static_cast<int>(ExitCode::failed);
  try {
    code = child(index);
  } catch (const std::exception& error) {
    fmt::print(stderr, "weft: {}\n", error.what());
  }
  flush_all();
  _exit(code);
}

}  // namespace

int Supervisor::run(const std::function<int(int index)>& child) {
  flush_all();
  const ProcessName name("weft-supervisor");
  start([&](int index) {
    pthread_sigmask(SIG_SETMASK, &signals_.before(), nullptr);
    return child(index);
  });
  while (any_running()) {
    if (const int signal = signals_.wait(kTick); signal != 0 && signal != SIGCHLD) interrupt(signal);
    collect();
    watch();
  }
  if (interrupted_ != 0) return 128 + interrupted_;
  if (board_.lost().written()) return std::max(largest_, static_cast<int>(ExitCode::failed));
  return conclude(board_, largest_);
}

void Supervisor::start(const std::function<int(int index)>& child) {
  const pid_t self = getpid();
  children_.reserve(static_cast<std::size_t>(board_.ranks()));
  for (int index = 0; index < board_.ranks(); ++index) {
    const pid_t pid = fork();
    if (pid == 0) be_child(self, first_rank_ + index, index, child);
    if (pid < 0) {
      const int error = errno;
      kill_all();
      for (const Child& started : children_) waitpid(started.pid, nullptr, 0);
      throw TransportError(fmt::format("cannot fork rank {}: {}", first_rank_ + index, std::strerror(error)));
    }
    children_.push_back({pid});
  }
}

void Supervisor::interrupt(int signal) {
  if (interrupted_ != 0) return;
  interrupted_ = signal;
  if (const int index = find_stopped(); index >= 0) lose(index, "was stopped");
  kill_all();
}

void Supervisor::collect() {
  for (int index = 0; index < board_.ranks(); ++index) {
    const Child& child = children_[static_cast<std::size_t>(index)];
    int status = 0;
    while (child.running && waitpid(child.pid, &status, WNOHANG | WUNTRACED | WCONTINUED) == child.pid)
      collect(index, status);
  }
}

void Supervisor::collect(int index, int status) {
  Child& child = children_[static_cast<std::size_t>(index)];
  if (WIFSTOPPED(status) || WIFCONTINUED(status)) {
    child.stopped_at = WIFSTOPPED(status) ? monotonic_now() : 0;
    board_.state(index).stopped.store(WIFSTOPPED(status), std::memory_order_release);
    return;
  }
  child.running = false;
  if (WIFEXITED(status))
    largest_ = std::max(largest_, WEXITSTATUS(status));
  else
    judge_killed(index, WTERMSIG(status));
  board_.state(index).ended.store(true, std::memory_order_release);
}

// What a launcher sends to all may reach the child first, whose end is then nothing to speak of.
void Supervisor::judge_killed(int index, int signal) {
  if (interrupted_ != 0 || board_.lost().written() || (kill_at_ != 0 && monotonic_now() >= kill_at_)) return;
  if (const int ending = signals_.wait_to_end(kMoment); ending != 0)
    interrupt(ending);
  else
    lose(index, fmt::format("was killed by signal {} ({})", signal, strsignal(signal)));
}

// Looks at the clock: who is stopped or late, and whether the grace of an ending world is over.
void Supervisor::watch() {
  const Nanoseconds now = monotonic_now();
  if (kill_at_ == 0) {
    if (const int stopped = find_stopped(); stopped >= 0) {
      const Nanoseconds since = children_[static_cast<std::size_t>(stopped)].stopped_at;
      const Nanoseconds deadline = board_.state(stopped).deadline.load(std::memory_order_acquire);
      if (now > since + timeout_ || (deadline != 0 && now > deadline)) lose(stopped, describe_stuck(stopped));
    } else if (const int overdue = find_overdue(now); overdue >= 0) {
      lose(overdue, describe_stuck(overdue));
    } else if (board_.gave_up().written()) {
      kill_at_ = now + kGrace;
    }
  }
  if (kill_at_ != 0 && now > kill_at_ && any_running()) finish_grace();
}

// Someone gave up, and others have not left. Where that was for want of others, they are whom to name.
void Supervisor::finish_grace() {
  if (board_.gave_up().timed_out && !board_.lost().written()) {
    int stuck = find_stopped();
    for (int index = 0; stuck < 0 && index < board_.ranks(); ++index)
      if (children_[static_cast<std::size_t>(index)].running) stuck = index;
    lose(stuck, describe_stuck(stuck));
  }
  kill_all();
}

std::string Supervisor::describe_stuck(int index) const {
  if (const Nanoseconds since = children_[static_cast<std::size_t>(index)].stopped_at; since != 0)
    return fmt::format("was stopped {} s ago and did not continue", (monotonic_now() - since) / 1'000'000'000);
  return fmt::format("did not come back in time from: {}", board_.state(index).doing.load());
}

void Supervisor::lose(int index, const std::string& what) {
  const Child& child = children_[static_cast<std::size_t>(index)];
  const std::string sentence =
      fmt::format("rank {} (pid {} on {}) {}", first_rank_ + index, child.pid, host_name(), what);
  if (!board_.lost().write(first_rank_ + index, static_cast<int>(ExitCode::failed), false, sentence)) return;
  fmt::print(stderr, "weft: {}\n", sentence);
  if (child.running) kill(child.pid, SIGKILL);
  kill_at_ = monotonic_now() + kGrace;
}

void Supervisor::kill_all() {
  for (const Child& child : children_)
    if (child.running) kill(child.pid, SIGKILL);
}

int Supervisor::find_stopped() const {
  for (std::size_t index = 0; index < children_.size(); ++index)
    if (children_[index].running && children_[index].stopped_at != 0) return static_cast<int>(index);
  return -1;
}

// Of several, the one that has been silent longest: the others are likely to wait for it.
int Supervisor::find_overdue(Nanoseconds now) const {
  int found = -1;
  Nanoseconds earliest = now - kLate;
  for (std::size_t index = 0; index < children_.size(); ++index) {
    const Nanoseconds deadline = board_.state(static_cast<int>(index)).deadline.load(std::memory_order_acquire);
    if (!children_[index].running || deadline == 0 || deadline >= earliest) continue;
    earliest = deadline;
    found = static_cast<int>(index);
  }
  return found;
}

bool Supervisor::any_running() const {
  return std::any_of(children_.begin(), children_.end(), [](const Child& child) { return child.running; });
}

}  // namespace weft
