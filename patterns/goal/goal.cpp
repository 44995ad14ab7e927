// A schedule that another tool wrote, or weft (`weft export goal`): GOAL, the language of LogGOPSim and ATLAHS.
#include <algorithm>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "core/error.hpp"
#include "patterns/goal/schedule.hpp"
#include "patterns/goal/workload.hpp"
#include "patterns/registry.hpp"

namespace weft::patterns::goal {

namespace {

/// Sizes of the busiest rank, and of the busiest pair.
void set_bytes(Point& point, const GoalSchedule& schedule) {
  for (const GoalRank& rank : schedule.ranks) {
    Bytes sent = 0;
    std::map<std::int32_t, Bytes> to;
    for (const GoalOperation& operation : rank.operations) {
      if (operation.kind != GoalKind::send) continue;
      sent += operation.size;
      point.bytes_per_peer = std::max(point.bytes_per_peer, to[operation.peer] += operation.size);
    }
    point.bytes_per_rank = std::max(point.bytes_per_rank, sent);
  }
}

void set_notes(Point& point, const GoalSchedule& schedule) {
  std::uint64_t operations = 0;
  std::uint64_t messages = 0;
  std::uint64_t calculated = 0;
  for (const GoalRank& rank : schedule.ranks) {
    std::uint64_t calcs = 0;
    for (const GoalOperation& operation : rank.operations) {
      ++operations;
      if (operation.kind == GoalKind::send) ++messages;
      if (operation.kind == GoalKind::calc) calcs += operation.size;
    }
    calculated = std::max(calculated, calcs);
  }
  point.notes = {{"operations", fmt::format("{}", operations)},
                 {"messages", fmt::format("{}", messages)},
                 {"calc_ns", fmt::format("{}", calculated)}};
}

std::vector<Point> plan_goal(const Request& request, int ranks) {
  if (request.goal.empty()) throw UsageError("goal: --goal FILE is needed, it names the schedule that is to run");
  auto schedule =
      std::make_shared<GoalSchedule>(read_goal(request.goal, {.ranks = ranks, .eager = request.goal_eager}));
  order_goal(*schedule);
  Point point;
  point.pattern = "goal";
  point.operation = schedule->file.stem().string();
  point.algorithm = "schedule";
  point.dtype = Datatype::u8;
  set_bytes(point, *schedule);
  set_notes(point, *schedule);
  point.build = [schedule](int rank) { return std::make_unique<GoalWorkload>(*schedule, rank); };
  return {point};
}

}  // namespace

Pattern entry() {
  Pattern pattern;
  pattern.name = "goal";
  pattern.summary = "a GOAL schedule (LogGOPSim, ATLAHS) from a file: --goal";
  pattern.plan = plan_goal;
  pattern.flags = {"--goal", "--goal-eager"};
  return pattern;
}

}  // namespace weft::patterns::goal
