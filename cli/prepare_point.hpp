#pragma once

#include <memory>
#include <string>

#include "measure/load.hpp"
#include "measure/measure.hpp"
#include "patterns/registry.hpp"

namespace weft::cli {

/// The first rank's problem, named; empty where no rank has one. Collective.
std::string agree_problem(World& world, const std::string& problem);

/// The point made ready on all ranks, or null with `problem` saying why it is on none. Collective.
std::unique_ptr<PreparedPoint> prepare_point(const Workload& workload, Communicator& communicator, World& world,
                                             const MeasureOptions& options, std::string& problem);

/// Whose times of the point count.
TimedRanks timed_ranks(const Point& point, int ranks);

/// The load that outlasts those that are timed, found by trying: a few samples beside one round, then beside as many as
/// seem to be needed, until they are enough. `problem` says why it cannot be tried; empty where it was. Collective. The
/// point has a load (Point::build_loaded).
Load fit_load(const Point& point, Communicator& communicator, Instruments& instruments, World& world,
              MeasureOptions options, std::string& problem);

}  // namespace weft::cli
