#include "measure/trace.hpp"

#include <cstring>

#include "core/text.hpp"

namespace weft {

namespace {

constexpr char kBetweenNames = '\n';

std::string names_of(const std::vector<Lane>& lanes) {
  std::vector<std::string> names;
  for (const Lane& lane : lanes) names.push_back(lane.name());
  return join(names, std::string(1, kBetweenNames));
}

std::vector<std::string> split_names(const std::string& names) {
  return names.empty() ? std::vector<std::string>() : split(names, kBetweenNames);
}

std::string pack(const GlobalClock& clock, const Program& program, const std::vector<StepTime>& log) {
  std::string blob(log.size() * sizeof(TracedStep), '\0');
  for (std::size_t i = 0; i < log.size(); ++i) {
    const Step& step = step_of(program, log[i]);
    const TracedStep traced{.action = step.action,
                            .lane = log[i].lane,
                            .routine = log[i].routine,
                            .peer = step.peer,
                            .bytes = step.bytes,
                            .start = clock.to_global(log[i].start),
                            .end = clock.to_global(log[i].end),
                            .channel = program.channel_of(log[i].lane)};
    std::memcpy(blob.data() + i * sizeof(TracedStep), &traced, sizeof(TracedStep));
  }
  return blob;
}

}  // namespace

Trace merge_trace(World& world, const GlobalClock& clock, const Program& program, const std::vector<StepTime>& log) {
  const std::vector<std::string> lanes = world.gather(names_of(program.lanes));
  const std::vector<std::string> routines = world.gather(names_of(program.routines));
  const std::vector<std::string> blobs = world.gather(pack(clock, program, log));
  Trace trace;
  if (world.rank() != 0) return trace;
  trace.ranks.resize(blobs.size());
  for (std::size_t rank = 0; rank < blobs.size(); ++rank) {
    trace.ranks[rank].lanes = split_names(lanes[rank]);
    trace.ranks[rank].routines = split_names(routines[rank]);
    trace.ranks[rank].steps.resize(blobs[rank].size() / sizeof(TracedStep));
    std::memcpy(trace.ranks[rank].steps.data(), blobs[rank].data(), blobs[rank].size());
  }
  return trace;
}

}  // namespace weft
