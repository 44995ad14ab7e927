#include "collectives/account.hpp"

#include <algorithm>
#include <limits>

namespace weft {

Accountant::Accountant(const Program& program)
    : program_(program), signaller_(static_cast<std::size_t>(program.events), -1) {
  for (std::size_t lane = 0; lane < program.lanes.size(); ++lane) {
    account_.lanes.push_back({.name = program.lanes[lane].name(), .sent_bytes = program.sent_bytes(lane), .calls = {}});
    for (const Step& step : program.lanes[lane].steps())
      if (step.action == Action::signal)
        signaller_[static_cast<std::size_t>(step.peer)] = static_cast<std::int32_t>(lane);
  }
  account_.start = std::numeric_limits<Nanoseconds>::max();
  account_.end = std::numeric_limits<Nanoseconds>::min();
}

void Accountant::add(const StepTime& time) {
  if (time.routine >= 0) return;  // a part of a call, which comes after it
  const Step& step = step_of(program_, time);
  const Nanoseconds took = time.end - time.start;
  LaneAccount& lane = account_.lanes[static_cast<std::size_t>(time.lane)];
  account_.start = std::min(account_.start, time.start);
  account_.end = std::max(account_.end, time.end);
  if (step.action == Action::await) {
    const std::int32_t from = signaller_[static_cast<std::size_t>(step.peer)];
    if (time.lane == 0 && from > 0) account_.lanes[static_cast<std::size_t>(from)].kept_waiting += took;
    return;
  }
  lane.busy += took;
  if (step.action == Action::compute) lane.computed += took;
  if (step.action == Action::call) lane.calls.push_back(time.start);
}

}  // namespace weft
