#pragma once

#include <optional>

namespace weft {

/// More ranks than this are a mistake, whoever says it.
inline constexpr int kMostWorldSize = 1 << 16;

/// What a launcher says, in environment variables, about the process it started.
struct LauncherEnvironment {
  int rank = 0;
  int ranks = 1;
  std::optional<int> local_ranks = std::nullopt;  ///< processes on this host, where the launcher says so (srun may not)
  bool starts_mpi = true;                         ///< whether MPI finds the other ranks by itself
  bool hides_mpi = false;  ///< whether it may do so though no variable shows it (an srun with a PMI of its own)
  bool by_hand = false;    ///< plain RANK and WORLD_SIZE: of a shell or a pod, whatever is started in it
};

/// Read from torchrun's (RANK, WORLD_SIZE beside TORCHELASTIC_RUN_ID), Open MPI's (OMPI_COMM_WORLD_*), PMI's (PMI_*,
/// MPI_LOCAL*), plain RANK and WORLD_SIZE, PMIx's (PMIX_RANK, and how many there are from Open MPI's, Slurm's or
/// WORLD_SIZE) or a Slurm step's (SLURM_*) variables, the first of these that are there; empty where no launcher
/// started this process, or started it as a plain command: a shell of salloc, a script of sbatch. Throws UsageError,
/// which names the variable that is missing or wrong.
std::optional<LauncherEnvironment> read_launcher_environment();

/// The same for those who do not mind: empty also where a variable is missing or wrong.
std::optional<LauncherEnvironment> launcher_environment();

/// The hosts that Slurm gave the job in which this process runs; 1 outside Slurm.
int hosts_of_slurm_job();

/// Whether this process is the one that speaks for all: rank 0 of a launcher, or started by none.
bool is_first_process();

}  // namespace weft
