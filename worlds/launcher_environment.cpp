#include "worlds/launcher_environment.hpp"

#include <charconv>
#include <cstdlib>
#include <cstring>

namespace weft {

namespace {

std::optional<int> number(const char* variable) {
  const char* const text = std::getenv(variable);
  int value = 0;
  if (text == nullptr || std::from_chars(text, text + std::strlen(text), value).ec != std::errc()) return std::nullopt;
  return value;
}

struct Variables {
  const char* step;  // set only where the launcher started this very process
  const char *rank, *ranks, *local_ranks;
};

constexpr Variables kLaunchers[] = {
    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE"},
    {"PMI_RANK", "PMI_RANK", "PMI_SIZE", "MPI_LOCALNRANKS"},
    {"SLURM_STEP_ID", "SLURM_PROCID", "SLURM_NTASKS", "SLURM_NTASKS_PER_NODE"},
};

}  // namespace

std::optional<LauncherEnvironment> launcher_environment() {
  for (const Variables& names : kLaunchers) {
    const std::optional<int> rank = number(names.rank);
    const std::optional<int> ranks = number(names.ranks);
    if (!rank || !ranks || std::getenv(names.step) == nullptr) continue;
    return LauncherEnvironment{.rank = *rank, .ranks = *ranks, .local_ranks = number(names.local_ranks)};
  }
  return std::nullopt;
}

bool is_first_process() { return launcher_environment().value_or(LauncherEnvironment{}).rank == 0; }

}  // namespace weft
