#include "collectives/verify/steps.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace weft::verify {

namespace {

constexpr int kLastChannel = 65535;  // that transports count to

bool writes(Action action) {
  return action == Action::recv || action == Action::recv_reduce || action == Action::copy || action == Action::reduce;
}
bool reads(Action action) {
  return action == Action::send || action == Action::recv_reduce || action == Action::copy || action == Action::reduce;
}
bool has_peer(Action action) {
  return action == Action::send || action == Action::recv || action == Action::recv_reduce;
}
bool reduces(Action action) { return action == Action::recv_reduce || action == Action::reduce; }

template <typename Check>
void for_each_step(Report& report, Check check) {
  const std::span<const Program> programs = report.programs();
  for (std::size_t rank = 0; rank < programs.size(); ++rank)
    for (std::size_t lane = 0; lane < programs[rank].lanes.size(); ++lane)
      for (std::size_t step = 0; step < programs[rank].lanes[lane].steps().size(); ++step) {
        const Place place{static_cast<int>(rank), static_cast<int>(lane), step};
        check(place, programs[rank], step_at(programs, place));
      }
}

void check_region(Report& report, const Place& place, const Program& program, const Region& region) {
  const Bytes size = program.size_of_space(region.space);
  if (region.offset > size || region.bytes > size - region.offset)
    report.add(place, fmt::format("{} is out of bounds, the space has {} B", describe(region), size));
}

void check_reduction(Report& report, const Place& place, const Program& program, const Step& step) {
  const Datatype dtype = step.dtype.value_or(program.dtype);
  if (!reducible(dtype)) report.add(place, fmt::format("reduces {}, which is only moved", name_of(dtype)));
  if (step.bytes % size_of(dtype) != 0) report.add(place, "reduces a broken element");
  if (step.action == Action::reduce && step.peer < 1) report.add(place, "reduces no block");
  const bool apart = step.dst_space != step.src_space || step.dst >= step.src + step.source().bytes ||
                     step.src >= step.dst + step.bytes || step.destination() == step.source();
  if (!apart) report.add(place, "its two regions overlap in part");
}

void check_step(Report& report, const Place& place, const Program& program, const Step& step) {
  if (writes(step.action)) check_region(report, place, program, step.destination());
  if (reads(step.action)) check_region(report, place, program, step.source());
  if (step.action == Action::call) report.add(place, "a routine calls another");
  if (reduces(step.action)) check_reduction(report, place, program, step);
  if (has_peer(step.action) && (step.peer < 0 || step.peer >= program.ranks))
    report.add(place, fmt::format("no such rank, there are {}", program.ranks));
  if ((step.action == Action::signal || step.action == Action::await) && (step.peer < 0 || step.peer >= program.events))
    report.add(place, fmt::format("no such event, the program has {}", program.events));
  if (step.action == Action::native) report.add(place, "a native collective cannot be looked into");
}

void check_channels(Report& report) {
  for (const Program& program : report.programs()) {
    if (!program.channels.empty() && program.channels.size() != program.lanes.size())
      report.add(fmt::format("rank {} names {} channels for {} lanes", program.rank, program.channels.size(),
                             program.lanes.size()));
    for (const int channel : program.channels)
      if (channel < 0 || channel > kLastChannel)
        report.add(fmt::format("rank {}: channel {} is none of 0 to {}", program.rank, channel, kLastChannel));
  }
}

void check_ends(Report& report) {
  const std::span<const Program> programs = report.programs();
  for (std::size_t rank = 0; rank < programs.size(); ++rank) {
    std::vector<char> signalled(static_cast<std::size_t>(std::max(0, programs[rank].events)), 0);
    for (std::size_t lane = 0; lane < programs[rank].lanes.size(); ++lane) {
      const std::vector<Step>& steps = programs[rank].lanes[lane].steps();
      std::size_t after_wait = 0;
      for (std::size_t i = 0; i < steps.size(); ++i) {
        const Place place{static_cast<int>(rank), static_cast<int>(lane), i};
        if (steps[i].action == Action::wait) after_wait = i + 1;
        if (steps[i].action != Action::signal) continue;
        char& already = signalled.at(static_cast<std::size_t>(steps[i].peer));
        if (already != 0) report.add(place, "the event is signalled twice");
        already = 1;
      }
      for (std::size_t i = after_wait; i < steps.size(); ++i)
        if (has_peer(steps[i].action))
          report.add({static_cast<int>(rank), static_cast<int>(lane), i}, "no wait follows, it may be unfinished");
    }
  }
}

}  // namespace

void check_steps(Report& report) {
  const std::span<const Program> programs = report.programs();
  for (std::size_t rank = 0; rank < programs.size(); ++rank)
    if (programs[rank].rank != static_cast<int>(rank) || programs[rank].ranks != static_cast<int>(programs.size()))
      report.add(fmt::format("program {} of {} says that it is rank {} of {}", rank, programs.size(),
                             programs[rank].rank, programs[rank].ranks));
  check_channels(report);
  for_each_step(report, [&](const Place& place, const Program& program, const Step& step) {
    check_step(report, place, program, step);
  });
  if (report.empty()) check_ends(report);
}

void check_collective_steps(Report& report, Bytes unit) {
  for_each_step(report, [&](const Place& place, const Program&, const Step& step) {
    if (writes(step.action) && step.dst_space == Space::in) report.add(place, "the input is written");
    const bool whole = (!writes(step.action) || step.dst % unit == 0) && (!reads(step.action) || step.src % unit == 0);
    if ((writes(step.action) || reads(step.action)) && (!whole || step.bytes % unit != 0))
      report.add(place, fmt::format("breaks an element of {} B", unit));
  });
}

}  // namespace weft::verify
