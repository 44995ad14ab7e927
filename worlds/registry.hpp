#pragma once

#include <functional>
#include <string>

#include "core/registry.hpp"
#include "worlds/world.hpp"

namespace weft {

struct LaunchOptions {
  int ranks = 0;  ///< ranks to start; 0: as many as the world thinks right (mpi: what the launcher started)
  Nanoseconds timeout = 30'000'000'000;  ///< how long a stopped or silent rank is waited for
  std::string rendezvous = {};           ///< env: HOST:PORT where rank 0 listens; empty: as the environment says
  std::string secret_file = {};  ///< env: file of the secret that its processes share; empty: as the environment says
};

/// What every rank runs. Its result is the rank's exit code; an exception ends the rank with a sentence.
using RankMain = std::function<int(World&)>;

/// One way to bring ranks into being.
struct Launcher {
  std::string name;
  std::string summary;
  /// Empty where this process can launch, else a sentence ("not started by mpirun or srun").
  std::function<std::string(const LaunchOptions&)> refuses;
  /// Starts the ranks, runs `main` on each, waits for all, and gives the exit code of the whole: the largest of the
  /// ranks', or ExitCode::failed when one was lost, after one sentence on stderr that names it. Leaves no process and
  /// no memory segment.
  std::function<int(const LaunchOptions&, const RankMain&)> launch;

  std::string key() const { return name; }
};

namespace worlds {
const Registry<Launcher>& registry();
}

}  // namespace weft
