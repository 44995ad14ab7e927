#include "cli/prepare_point.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"

namespace weft::cli {

namespace {

/// What rank 0 has found, on every rank. Collective.
Load agree_load(World& world, const Load& mine) {
  const std::string blob = world.allgather(fmt::format("{} {}", mine.rounds, mine.lead)).front();
  const std::vector<std::string> parts = split(blob, ' ');
  return {.rounds = std::stoi(parts.front()), .lead = std::stoll(parts.back())};
}

}  // namespace

std::string agree_problem(World& world, const std::string& problem) {
  const std::vector<std::string> all = world.allgather(problem);
  for (std::size_t rank = 0; rank < all.size(); ++rank)
    if (!all[rank].empty())
      return all.size() == 1 || std::all_of(all.begin(), all.end(), [&](const auto& p) { return p == all[rank]; })
                 ? all[rank]
                 : fmt::format("rank {}: {}", rank, all[rank]);
  return {};
}

std::unique_ptr<PreparedPoint> prepare_point(const Workload& workload, Communicator& communicator, World& world,
                                             const MeasureOptions& options, std::string& problem) {
  world.set_deadline(options.timeout + time_to_touch(PreparedPoint::memory_needed(workload, communicator, options)),
                     "allocating the buffers");
  std::unique_ptr<PreparedPoint> prepared;
  std::string mine;
  try {
    prepared = std::make_unique<PreparedPoint>(workload, communicator, world, options);
  } catch (const TransportError& error) {
    mine = error.what();
  }
  problem = agree_problem(world, mine);
  return problem.empty() ? std::move(prepared) : nullptr;
}

TimedRanks timed_ranks(const Point& point, int ranks) {
  TimedRanks timed;
  if (point.timed.empty()) return timed;
  timed.mask.resize(static_cast<std::size_t>(ranks), 0);
  for (const int rank : point.timed) timed.mask[static_cast<std::size_t>(rank)] = 1;
  return timed;
}

Load fit_load(const Point& point, Communicator& communicator, Instruments& instruments, World& world,
              MeasureOptions options, std::string& problem) {
  constexpr int kMostTries = 6;
  options.iterations = 10;
  options.warmup = 1;
  options.checks = 0;
  options.by_program = true;
  Load load{.rounds = 1, .lead = kLeastLead};
  for (int i = 0; i < kMostTries; ++i) {
    options.timed.lead = load.lead;
    const std::unique_ptr<Workload> workload = point.build_loaded(world.rank(), load.rounds);
    const std::unique_ptr<PreparedPoint> prepared = prepare_point(*workload, communicator, world, options, problem);
    if (!prepared) return load;
    const Samples samples = prepared->measure(instruments);
    const Load needed = agree_load(world, world.rank() == 0 ? load_needed(samples, options.timed, load) : Load{});
    if (needed == load) return load;
    load = needed;
  }
  return load;
}

}  // namespace weft::cli
