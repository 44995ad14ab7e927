// Ranks are the processes that mpirun or srun started, each of them under a supervisor: the process that was started
// forks the one that calls MPI, and watches it.
#include <cstdlib>
#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <unistd.h>

#include "worlds/launcher_environment.hpp"
#include "worlds/mpi/mpi_world.hpp"
#include "worlds/supervisor.hpp"

namespace weft::worlds {
namespace {

// What the user typed after the program's name, which may be spelled differently on each host.
std::string arguments() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  const std::string line{std::istreambuf_iterator<char>(file), {}};
  const std::size_t first = line.find('\0');
  return first == std::string::npos ? std::string() : line.substr(first + 1);
}

// The same verdict on every rank: empty, or what is wrong with how the ranks were started. Collective.
std::string find_mismatch(World& world, const LaunchOptions& options) {
  const auto all = world.allgather(fmt::format("{}\n{}", options.ranks, arguments()));
  for (std::size_t peer = 0; peer < all.size(); ++peer) {
    if (const int wished = std::atoi(all[peer].c_str()); wished != 0 && wished != world.ranks())
      return fmt::format("--ranks {} does not match the {} ranks that the launcher started: leave --ranks away", wished,
                         world.ranks());
    if (all[peer] != all.front())
      return fmt::format("rank {} was started with other arguments than rank 0: give all the same command line", peer);
  }
  return {};
}

// Ranks that spin would keep each other from the core.
void yield_where_crowded() {
  const auto environment = launcher_environment();
  if (environment && environment->local_ranks > sysconf(_SC_NPROCESSORS_ONLN))
    setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0);
}

int run_as_rank(Board& board, const LaunchOptions& options, const RankMain& main) {
  board.state(0).doing.store("MPI_Init");
  board.state(0).deadline.store(monotonic_now() + options.timeout);
  yield_where_crowded();
  if (MPI_Init(nullptr, nullptr) != MPI_SUCCESS) throw TransportError("MPI_Init failed");
  int code = 0;
  {
    MpiWorld world(board);
    if (const std::string mismatch = find_mismatch(world, options); !mismatch.empty()) {
      if (world.rank() == 0) fmt::print(stderr, "weft: {}\n", mismatch);
      code = static_cast<int>(ExitCode::usage);
    } else {
      world.set_deadline(0, "");
      code = world.run(main);
    }
    if (code == static_cast<int>(ExitCode::failed) || !world.sound()) return code;  // others may never come to the end
    world.set_deadline(options.timeout, "MPI_Finalize");
  }
  MPI_Finalize();
  return code;
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

Launcher mpi() { return {"mpi", "one rank per process that mpirun or srun started", refuses_mpi_launch, launch}; }

}  // namespace weft::worlds
