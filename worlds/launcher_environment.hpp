#pragma once

#include <optional>

namespace weft {

/// What mpirun or srun says, in environment variables, about the process it started.
struct LauncherEnvironment {
  int rank = 0;
  int ranks = 1;
  std::optional<int> local_ranks = std::nullopt;  ///< processes on this host, where the launcher says so (srun may not)
};

/// Read from Open MPI's (OMPI_COMM_WORLD_*), PMI's (PMI_*, MPI_LOCAL*) or Slurm's (SLURM_*) variables; empty where no
/// launcher started this process, or started it as a plain command (SLURM_NTASKS without SLURM_STEP_ID).
std::optional<LauncherEnvironment> launcher_environment();

/// Whether this process is the one that speaks for all: rank 0 of a launcher, or started by none.
bool is_first_process();

}  // namespace weft
