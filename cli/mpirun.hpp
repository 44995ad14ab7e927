#pragma once

#include "cli/run_options.hpp"

namespace weft::cli {

/// Replaces this process by `mpirun -np ranks weft …` with the same command line, so that a transport that needs MPI
/// can be named without a launcher. Says so on stderr. Returns only by throwing UsageError, where there is no mpirun.
[[noreturn]] void start_under_mpirun(const RunOptions& options, int ranks);

}  // namespace weft::cli
