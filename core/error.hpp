#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace weft {

/// Documented exit codes of the program.
enum class ExitCode : int {
  ok = 0,
  usage = 2,       ///< bad flag, file, environment or input: one sentence, nothing measured
  wrong_data = 4,  ///< a payload check failed
  failed = 5,      ///< a point failed or a rank was lost
};

/// What the user gave cannot be used. The message is one sentence that names the file, line or flag and what would be
/// right.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The library or system beneath a back end failed; the point cannot go on.
struct TransportError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A rank died, gave up or was stopped. `rank` is the culprit, not the rank that noticed; -1 where it is not known.
struct RankLost : std::runtime_error {
  RankLost(int culprit, const std::string& what) : std::runtime_error(what), rank(culprit) {}
  int rank;
};

/// The time-out passed while waiting for other ranks.
struct TimedOut : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace weft
