#pragma once

#include <signal.h>

#include "core/units.hpp"

namespace weft {

/// The signals that end this process (SIGINT, SIGTERM, SIGHUP, those apart that it was started to ignore, as by nohup)
/// and SIGCHLD, blocked while this object lives, so that a wait gives them and nothing is lost between two waits.
class EndingSignals {
 public:
  EndingSignals();
  EndingSignals(const EndingSignals&) = delete;
  EndingSignals& operator=(const EndingSignals&) = delete;
  ~EndingSignals();

  /// The next of them within so many ns, else 0. Negative: without an end.
  int wait(Nanoseconds at_most) const;

  /// The next of those that end this process within so many ns, else 0. SIGCHLD stays for wait().
  int wait_to_end(Nanoseconds at_most) const;

  /// What was blocked before.
  const sigset_t& before() const { return before_; }

 private:
  sigset_t ending_{};
  sigset_t all_{};
  sigset_t before_{};
};

}  // namespace weft
