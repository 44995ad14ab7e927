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
  bool by_hand = false;  ///< plain RANK and WORLD_SIZE: of a shell or a pod, whatever is started in it
};

/// Read from torchrun's (RANK, WORLD_SIZE beside TORCHELASTIC_RUN_ID), Open MPI's (OMPI_COMM_WORLD_*), PMI's (PMI_*,
/// MPI_LOCAL*), plain RANK and WORLD_SIZE, or Slurm's (SLURM_*) variables, the first of these that are there and make
/// sense; empty where no launcher started this process, or started it as a plain command (SLURM_NTASKS without
/// SLURM_STEP_ID).
std::optional<LauncherEnvironment> launcher_environment();

/// Whether at least two of RANK, WORLD_SIZE and MASTER_ADDR are set: this process is meant to be one of several, also
/// where the variables make no sense.
bool has_rank_variables();

/// Whether this process is the one that speaks for all: rank 0 of a launcher, or started by none.
bool is_first_process();

}  // namespace weft
