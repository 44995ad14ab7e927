#pragma once

#include <string>
#include <vector>

#include "cli/run_options.hpp"
#include "patterns/registry.hpp"
#include "worlds/world.hpp"

namespace weft::cli {

/// What one launch measures: the same on every rank, made before the ranks start.
struct Job {
  RunOptions options;
  std::vector<std::string> transports;
  std::vector<Point> plan;
  std::string folder;  ///< the run folder, made beforehand; empty where rank 0 is not in this process
  bool first = true;   ///< of the jobs of one run
};

/// One rank's part in a job: opens the transports, measures every point on each of them, and on rank 0 writes and
/// prints the results. Gives the exit code all ranks agreed on. Collective.
int run_session(const Job& job, World& world);

}  // namespace weft::cli
