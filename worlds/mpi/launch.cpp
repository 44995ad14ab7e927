// Ranks are the processes that mpirun or srun started, each of them under a supervisor: the process that was started
// forks the one that calls MPI, and watches it.
#include <cstdlib>

#include <fmt/format.h>
#include <unistd.h>

#include "core/topology.hpp"
#include "worlds/launcher_environment.hpp"
#include "worlds/mpi/mpi_world.hpp"
#include "worlds/same_arguments.hpp"
#include "worlds/supervisor.hpp"

namespace weft::worlds::mpi {
namespace {

// The same verdict on every rank: empty, or what is wrong with how the ranks were started. Collective.
std::string find_mismatch(World& world, const LaunchOptions& options) {
  const auto all = world.allgather(std::to_string(options.ranks));
  for (const std::string& told : all)
    if (const int started = std::atoi(told.c_str()); started != 0 && started != world.ranks())
      return fmt::format(
          "the launcher started {} processes and MPI sees {}: use the launcher of the MPI that weft was built with "
          "(srun: --mpi=pmix)",
          started, world.ranks());
  return find_other_arguments(world);
}

// Ranks that spin would keep each other from the core.
void yield_where_crowded() {
  const auto environment = launcher_environment();
  if (environment && environment->local_ranks.value_or(1) > host_cores())
    setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0);
}

int run_as_rank(Board& board, const LaunchOptions& options, const RankMain& main) {
  board.state(0).doing.store("MPI_Init, to which every rank must come");
  board.state(0).deadline.store(monotonic_now() + options.timeout);
  yield_where_crowded();
  if (MPI_Init(nullptr, nullptr) != MPI_SUCCESS) throw TransportError("MPI_Init failed");
  int code = 0;
  bool speaks = true;
  {
    MpiWorld world(board);
    if (const std::string mismatch = find_mismatch(world, options); !mismatch.empty()) {
      if (world.rank() == 0) fmt::print(stderr, "weft: {}\n", mismatch);
      code = static_cast<int>(ExitCode::usage);
    } else {
      world.set_deadline(0, "");
      code = world.run(main);
    }
    if (!world.sound()) return code;  // others may never come to the end
    speaks = world.rank() == 0;
    world.set_deadline(options.timeout, "MPI_Finalize");
  }
  MPI_Finalize();
  // All agree on the code. A launcher ends the job with the first process that fails, and rank 0's may have work left.
  return speaks ? code : 0;
}

std::string refuses_mpi_launch(const LaunchOptions&) {
  return launcher_environment() ? "" : "this process was not started by mpirun or srun";
}

int launch(const LaunchOptions& options, const RankMain& main) {
  Board board(1);
  const int rank = launcher_environment().value_or(LauncherEnvironment{}).rank;
  return Supervisor(board, rank, options.timeout).run([&](int) { return run_as_rank(board, options, main); });
}

}  // namespace

Launcher entry() { return {"mpi", "one rank per process that mpirun or srun started", refuses_mpi_launch, launch}; }

}  // namespace weft::worlds::mpi
