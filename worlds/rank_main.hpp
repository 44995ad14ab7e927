#pragma once

#include <functional>
#include <string>

#include "core/error.hpp"
#include "worlds/registry.hpp"

namespace weft {

/// What an exception that left a RankMain comes to.
struct Failure {
  std::string reason;
  ExitCode code = ExitCode::failed;
  bool timed_out = false;  ///< says only that others did not come
};

/// The last resort: runs `main`, and gives its result; where it throws, the result of `failed`, which records the
/// failure and gives the rank's exit code. UsageError is ExitCode::usage, everything else ExitCode::failed.
int run_rank(World& world, const RankMain& main, const std::function<int(const Failure&)>& failed);

/// Ranks to start when the user does not say: the CPUs that this process may run on.
int usable_cpus();

/// Empty, or a sentence: whether `ranks` of the options is a number of ranks that can be started on one machine.
std::string refuse_ranks(const LaunchOptions& options);

}  // namespace weft
