#include "worlds/launcher_environment.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "core/environment.hpp"
#include "core/error.hpp"
#include "core/text.hpp"

namespace weft {

namespace {

constexpr const char* kSlurmStep = "SLURM_STEP_ID";
constexpr const char* kSlurmRank = "SLURM_PROCID";
constexpr const char* kPmixRank = "PMIX_RANK";
constexpr const char* kByHand = "WORLD_SIZE";  // a number of ranks, whoever set it

bool is_set(const char* name) { return !environment_variable(name).empty(); }

template <class Integer>
std::optional<Integer> number(const char* name) {
  return whole_number<Integer>(environment_variable(name));
}

/// The shell that Slurm itself starts for salloc is rank 0 of a step, with SLURM_NTASKS of the whole job; the step has
/// one of the numbers that no srun gets (SLURM_MAX_NORMAL_STEP_ID). The script of sbatch has SLURM_PROCID, and no step.
bool is_in_slurms_own_step() {
  constexpr std::uint64_t kFirstReserved = 0xfffffff0;
  return number<std::uint64_t>(kSlurmStep).value_or(0) >= kFirstReserved;
}

struct Variables {
  const char* marker;  // set only where the launcher started this very process
  const char* rank;
  std::vector<const char*> ranks;  // the first that is set
  const char* local_ranks;
  bool starts_mpi = false;
  bool hides_mpi = false;
  bool by_hand = false;
  bool slurm_sets = false;                // the marker, for the shell of salloc too
  const char* more_than_slurm = nullptr;  // above 1, which salloc's shell is, where the marker is another launcher's
};

// The innermost first: torchrun may be what srun started, mpirun what a pod with RANK runs. PMIx has no variable for
// the number of ranks. PMI's are Slurm's (--mpi=pmi2) or Hydra's.
const std::vector<Variables>& launchers() {
  static const std::vector<Variables> all = {
      {.marker = "TORCHELASTIC_RUN_ID", .rank = "RANK", .ranks = {kByHand}, .local_ranks = "LOCAL_WORLD_SIZE"},
      {.marker = "OMPI_COMM_WORLD_RANK",
       .rank = "OMPI_COMM_WORLD_RANK",
       .ranks = {"OMPI_COMM_WORLD_SIZE"},
       .local_ranks = "OMPI_COMM_WORLD_LOCAL_SIZE",
       .starts_mpi = true},
      {.marker = "PMI_RANK",
       .rank = "PMI_RANK",
       .ranks = {"PMI_SIZE"},
       .local_ranks = "MPI_LOCALNRANKS",
       .starts_mpi = true,
       .slurm_sets = true,
       .more_than_slurm = "PMI_SIZE"},
      {.marker = "RANK", .rank = "RANK", .ranks = {kByHand}, .local_ranks = "LOCAL_WORLD_SIZE", .by_hand = true},
      {.marker = kPmixRank,
       .rank = kPmixRank,
       .ranks = {"OMPI_COMM_WORLD_SIZE", "SLURM_STEP_NUM_TASKS", "SLURM_NTASKS", kByHand},
       .local_ranks = "SLURM_NTASKS_PER_NODE",
       .starts_mpi = true,
       .slurm_sets = true},
      {.marker = kSlurmStep,
       .rank = kSlurmRank,
       .ranks = {"SLURM_STEP_NUM_TASKS", "SLURM_NTASKS"},
       .local_ranks = "SLURM_NTASKS_PER_NODE",
       .hides_mpi = true,
       .slurm_sets = true},
      {.marker = kByHand, .rank = "RANK", .ranks = {kByHand}, .local_ranks = "LOCAL_WORLD_SIZE", .by_hand = true},
  };
  return all;
}

bool is_of_slurms_shell(const Variables& launcher) {
  const bool slurms = launcher.slurm_sets &&
                      (launcher.more_than_slurm == nullptr || number<int>(launcher.more_than_slurm).value_or(1) <= 1);
  const std::string rank = environment_variable(launcher.rank);
  return slurms && is_in_slurms_own_step() && (rank.empty() || rank == "0");
}

bool started_this(const Variables& launcher) { return is_set(launcher.marker) && !is_of_slurms_shell(launcher); }

/// Null where no launcher started this process.
const Variables* innermost() {
  const auto found = std::find_if(launchers().begin(), launchers().end(), started_this);
  return found == launchers().end() ? nullptr : &*found;
}

[[noreturn]] void refuse_missing(const std::vector<const char*>& names, const char* marker) {
  const std::string missing =
      names.size() == 1 ? std::string(names.front()) + " is not set"
                        : fmt::format("none of {} is set", enumerate({names.begin(), names.end()}, names.size()));
  throw UsageError(
      fmt::format("{}, though {} is: give both, or --world local for a run of this host alone", missing, marker));
}

/// Of Slurm's step, where PMIx has started this process within it.
void refuse_two_launchers(const char* ranks, int rank) {
  const bool of_step = std::string_view(ranks).starts_with("SLURM_") && is_set(kSlurmStep);
  if (const std::optional<int> other = number<int>(kSlurmRank); of_step && other && *other != rank)
    throw UsageError(fmt::format("{}={} and {}={} are two ranks of one process, and {} counts the ranks of the second",
                                 kPmixRank, rank, kSlurmRank, *other, ranks));
}

LauncherEnvironment read(const Variables& names) {
  const auto ranks = std::find_if(names.ranks.begin(), names.ranks.end(), is_set);
  if (!is_set(names.rank)) refuse_missing({names.rank}, names.marker);
  if (ranks == names.ranks.end()) refuse_missing(names.ranks, names.marker);
  const LauncherEnvironment launcher{.rank = number_in_variable(names.rank, 0, kMostWorldSize - 1),
                                     .ranks = number_in_variable(*ranks, 1, kMostWorldSize),
                                     .local_ranks = number<int>(names.local_ranks),
                                     .starts_mpi = names.starts_mpi && *ranks != std::string_view(kByHand),
                                     .hides_mpi = names.hides_mpi,
                                     .by_hand = names.by_hand};
  if (launcher.rank >= launcher.ranks)
    throw UsageError(fmt::format("{}={}: of {}={} processes the last has {}={}", names.rank, launcher.rank, *ranks,
                                 launcher.ranks, names.rank, launcher.ranks - 1));
  if (names.rank == std::string_view(kPmixRank)) refuse_two_launchers(*ranks, launcher.rank);
  return launcher;
}

}  // namespace

std::optional<LauncherEnvironment> read_launcher_environment() {
  const Variables* const names = innermost();
  return names == nullptr ? std::nullopt : std::optional(read(*names));
}

std::optional<LauncherEnvironment> launcher_environment() {
  try {
    return read_launcher_environment();
  } catch (const UsageError&) {
    return std::nullopt;
  }
}

int hosts_of_slurm_job() { return number<int>("SLURM_JOB_NUM_NODES").value_or(1); }

bool is_first_process() { return launcher_environment().value_or(LauncherEnvironment{}).rank == 0; }

}  // namespace weft
