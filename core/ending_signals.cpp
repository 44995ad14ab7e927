#include "core/ending_signals.hpp"

#include <algorithm>

namespace weft {

namespace {

constexpr Nanoseconds kSecond = 1'000'000'000;

int next_of(const sigset_t& set, Nanoseconds at_most) {
  const timespec time{static_cast<time_t>(at_most / kSecond), static_cast<long>(at_most % kSecond)};
  return std::max(at_most < 0 ? sigwaitinfo(&set, nullptr) : sigtimedwait(&set, nullptr, &time), 0);
}

}  // namespace

EndingSignals::EndingSignals() {
  signal(SIGCHLD, SIG_DFL);  // ignored, children would vanish with their exit codes
  sigemptyset(&ending_);
  for (const int ending : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction now = {};
    sigaction(ending, nullptr, &now);
    if (now.sa_handler != SIG_IGN) sigaddset(&ending_, ending);
  }
  all_ = ending_;
  sigaddset(&all_, SIGCHLD);
  pthread_sigmask(SIG_BLOCK, &all_, &before_);
}

EndingSignals::~EndingSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

int EndingSignals::wait(Nanoseconds at_most) const { return next_of(all_, at_most); }

/// A stop and its continuation interrupt the system's wait.
int EndingSignals::wait_to_end(Nanoseconds at_most) const {
  const Nanoseconds end = monotonic_now() + at_most;
  for (Nanoseconds left = at_most; left > 0; left = end - monotonic_now())
    if (const int signal = next_of(ending_, left); signal != 0) return signal;
  return 0;
}

}  // namespace weft
