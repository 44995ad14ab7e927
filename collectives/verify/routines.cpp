#include "collectives/verify/routines.hpp"

#include <cstddef>
#include <optional>
#include <vector>

#include <fmt/format.h>

namespace weft::verify {

namespace {

bool belongs_to_lanes(Action action) {
  return action == Action::compute || action == Action::signal || action == Action::await || action == Action::native ||
         action == Action::call;
}

void check_callers(const Program& program, Findings& findings) {
  std::vector<std::optional<std::size_t>> caller(program.routines.size());
  for (std::size_t lane = 0; lane < program.lanes.size(); ++lane)
    for (const Step& step : program.lanes[lane].steps()) {
      if (step.action != Action::call) continue;
      const auto routine = static_cast<std::size_t>(step.peer);
      if (step.peer < 0 || routine >= caller.size())
        findings.push_back(fmt::format("rank {}, lane {}: calls routine {}, the program has {}", program.rank,
                                       program.lanes[lane].name(), step.peer, caller.size()));
      else if (caller[routine].value_or(lane) != lane)
        findings.push_back(fmt::format("rank {}, lane {}: calls routine {}, which lane {} calls too", program.rank,
                                       program.lanes[lane].name(), program.routines[routine].name(),
                                       program.lanes[*caller[routine]].name()));
      else
        caller[routine] = lane;
    }
}

void check_body(const Program& program, const Lane& routine, Findings& findings) {
  for (const Step& step : routine.steps())
    if (belongs_to_lanes(step.action)) {
      findings.push_back(
          fmt::format("rank {}, routine {}: does more than move, reduce and wait", program.rank, routine.name()));
      return;
    }
}

}  // namespace

Findings check_routines(std::span<const Program> programs) {
  Findings findings;
  for (const Program& program : programs) {
    check_callers(program, findings);
    for (const Lane& routine : program.routines) check_body(program, routine, findings);
  }
  return findings;
}

}  // namespace weft::verify
