#pragma once

#include "cli/run_options.hpp"

namespace weft::cli {

/// Runs `mpirun -np ranks weft …` with the same command line, so that a transport that needs MPI can be named without a
/// launcher. Says so on stderr. Returns mpirun's exit code, or 128 + signal where this process was told to end and has
/// passed it on. Nothing outlives the call (run_guarded). Throws UsageError where there is no mpirun, or more ranks
/// than cores without --oversubscribe.
int run_under_mpirun(const RunOptions& options, int ranks);

}  // namespace weft::cli
