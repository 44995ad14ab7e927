#include "worlds/launcher_environment.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <iterator>

namespace weft {

namespace {

bool is_set(const char* variable) {
  const char* const text = std::getenv(variable);
  return text != nullptr && *text != '\0';
}

std::optional<int> number(const char* variable) {
  const char* const text = std::getenv(variable);
  int value = 0;
  if (text == nullptr) return std::nullopt;
  const char* const end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, value);
  return error == std::errc() && stop == end ? std::optional<int>(value) : std::nullopt;
}

struct Variables {
  const char* step;  // set only where the launcher started this very process
  const char *rank, *ranks, *local_ranks;
  const char* mpi;  // set only where MPI finds the other ranks; null: never
  bool by_hand = false;
};

// The innermost first: torchrun may be what srun started, mpirun what a pod with RANK runs.
constexpr Variables kLaunchers[] = {
    {"TORCHELASTIC_RUN_ID", "RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", nullptr},
    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE",
     "OMPI_COMM_WORLD_RANK"},
    {"PMI_RANK", "PMI_RANK", "PMI_SIZE", "MPI_LOCALNRANKS", "PMI_RANK"},
    {"RANK", "RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", nullptr, true},
    {"SLURM_STEP_ID", "SLURM_PROCID", "SLURM_NTASKS", "SLURM_NTASKS_PER_NODE", "PMIX_RANK"},
};

}  // namespace

std::optional<LauncherEnvironment> launcher_environment() {
  for (const Variables& names : kLaunchers) {
    const std::optional<int> rank = number(names.rank);
    const std::optional<int> ranks = number(names.ranks);
    if (!rank || !ranks || *rank < 0 || *rank >= *ranks || *ranks > kMostWorldSize ||
        std::getenv(names.step) == nullptr)
      continue;
    return LauncherEnvironment{.rank = *rank,
                               .ranks = *ranks,
                               .local_ranks = number(names.local_ranks),
                               .starts_mpi = names.mpi != nullptr && is_set(names.mpi),
                               .by_hand = names.by_hand};
  }
  return std::nullopt;
}

bool has_rank_variables() {
  constexpr const char* kNames[] = {"RANK", "WORLD_SIZE", "MASTER_ADDR"};
  return std::count_if(std::begin(kNames), std::end(kNames), is_set) >= 2;
}

bool is_first_process() { return launcher_environment().value_or(LauncherEnvironment{}).rank == 0; }

}  // namespace weft
