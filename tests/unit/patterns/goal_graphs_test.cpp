// Schedules that chance draws: their programs keep every requirement, match messages in order and come to their end,
// whatever order lanes and messages come in.
#include <algorithm>
#include <map>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "collectives/verify.hpp"
#include "patterns/goal/lanes.hpp"
#include "tests/unit/patterns/goal_file.hpp"
#include "tests/unit/patterns/goal_unlucky_run.hpp"

namespace weft {
namespace {

struct Drawing {
  std::string name;
  int ranks = 2;
  int operations = 60;
  int tags = 2;
  int requirements = 3;  ///< of an operation, at most
};

/// Draws a schedule as one history: what comes later requires only what came before, so it can run.
class History {
 public:
  History(const Drawing& drawing, unsigned seed)
      : drawing_(drawing), chance_(seed), ranks_(static_cast<std::size_t>(drawing.ranks)) {
    for (int i = 0; i < drawing.operations; ++i) {
      const int kind = draw(0, 9);
      if (kind < 2)
        calc(draw(0, drawing.ranks - 1), next_size_++);
      else if (kind < 3)
        calc(draw(0, drawing.ranks - 1), 0);
      else if (drawing.ranks > 1)
        message();
    }
  }

  std::string text() const {
    std::string all = fmt::format("num_ranks {}\n", drawing_.ranks);
    for (std::size_t rank = 0; rank < ranks_.size(); ++rank)
      all += fmt::format("rank {} {{\n{}}}\n", rank, ranks_[rank].text);
    return all;
  }

 private:
  struct Rank {
    std::string text;
    int operations = 0;
    std::map<std::tuple<char, int, int>, int> last;  ///< by direction, peer, tag
  };

  int draw(int least, int most) { return std::uniform_int_distribution<int>(least, most)(chance_); }

  void calc(int rank, int ns) { add(rank, fmt::format("calc {} cpu {}", ns, draw(0, 1))); }

  void message() {
    const int from = draw(0, drawing_.ranks - 1);
    const int to = (from + draw(1, drawing_.ranks - 1)) % drawing_.ranks;
    const int tag = draw(0, drawing_.tags - 1);
    const int size = next_size_++;
    chain(from, {'s', to, tag}, add(from, fmt::format("send {}b to {} tag {}", size, to, tag)));
    chain(to, {'r', from, tag}, add(to, fmt::format("recv {}b from {} tag {}", size, from, tag)));
  }

  int add(int rank, const std::string& operation) {
    Rank& mine = ranks_[static_cast<std::size_t>(rank)];
    const int number = mine.operations++;
    mine.text += fmt::format("o{}: {}\n", number, operation);
    for (int i = draw(0, drawing_.requirements); i > 0 && number > 0; --i)
      mine.text += fmt::format("o{} {} o{}\n", number, draw(0, 2) == 0 ? "irequires" : "requires",
                               draw(std::max(0, number - 12), number - 1));
    return number;
  }

  /// Or chance would decide which send meets which receive, and whether that can end.
  void chain(int rank, std::tuple<char, int, int> messages, int number) {
    Rank& mine = ranks_[static_cast<std::size_t>(rank)];
    const auto [found, first] = mine.last.try_emplace(messages, number);
    if (!first)
      mine.text += fmt::format("o{} {} o{}\n", number, draw(0, 1) == 0 ? "irequires" : "requires", found->second);
    found->second = number;
  }

  const Drawing& drawing_;
  std::mt19937 chance_;
  std::vector<Rank> ranks_;
  int next_size_ = 1;
};

/// What must have happened before an operation starts; joins are looked through, for they are no steps.
void expect_requirements(const GoalRank& rank, std::size_t number, std::uint32_t operation, std::uint32_t looked_at,
                         const UnluckyRun& run) {
  for (const GoalDependency& dependency : rank.dependencies_of(looked_at)) {
    const std::uint32_t on = dependency.operation();
    if (rank.operations[on].is_join()) {
      expect_requirements(rank, number, operation, on, run);
      continue;
    }
    const UnluckyRun::Times& before = run.times(number, on);
    EXPECT_LT(dependency.only_start() ? before.start : before.end, run.times(number, operation).start)
        << "rank " << number << ", line " << rank.operations[operation].line << " and line "
        << rank.operations[on].line;
  }
}

void expect_one_calc_at_a_time(const GoalRank& rank, std::size_t number, const UnluckyRun& run) {
  std::map<std::uint16_t, std::vector<UnluckyRun::Times>> by_cpu;
  for (std::uint32_t i = 0; i < rank.operations.size(); ++i)
    if (rank.operations[i].kind == GoalKind::calc && !rank.operations[i].is_join())
      by_cpu[rank.operations[i].cpu].push_back(run.times(number, i));
  for (auto& [cpu, calcs] : by_cpu) {
    std::sort(calcs.begin(), calcs.end(), [](const auto& a, const auto& b) { return a.start < b.start; });
    for (std::size_t i = 1; i < calcs.size(); ++i) EXPECT_LT(calcs[i - 1].end, calcs[i].start) << "cpu " << cpu;
  }
}

class DrawnSchedules : public testing::TestWithParam<Drawing> {};

TEST_P(DrawnSchedules, KeepEveryRequirement) {
  for (unsigned seed = 0; seed < 3 + 1500U / static_cast<unsigned>(GetParam().operations); ++seed) {
    SCOPED_TRACE(seed);
    const GoalFile file(History(GetParam(), seed).text());
    GoalSchedule schedule = read_goal(file.path(), {.ranks = GetParam().ranks});
    order_goal(schedule);
    std::vector<Program> programs;
    for (int rank = 0; rank < GetParam().ranks; ++rank) programs.push_back(goal_program(schedule, rank).program);
    ASSERT_EQ(verify_traffic(programs), Findings{});
    UnluckyRun run(schedule, programs, seed);
    ASSERT_TRUE(run.run());
    EXPECT_FALSE(run.wrong_lengths());
    for (std::size_t rank = 0; rank < programs.size(); ++rank) {
      for (std::uint32_t i = 0; i < schedule.ranks[rank].operations.size(); ++i)
        if (!schedule.ranks[rank].operations[i].is_join()) expect_requirements(schedule.ranks[rank], rank, i, i, run);
      expect_one_calc_at_a_time(schedule.ranks[rank], rank, run);
    }
    if (HasFailure()) break;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, DrawnSchedules,
    testing::Values(Drawing{.name = "one_rank", .ranks = 1}, Drawing{.name = "two_ranks"},
                    Drawing{.name = "one_tag", .ranks = 3, .operations = 90, .tags = 1},
                    Drawing{.name = "five_ranks", .ranks = 5, .operations = 200, .tags = 3},
                    Drawing{.name = "more_tags_than_channels", .operations = 400, .tags = 300},
                    Drawing{.name = "more_chains_than_lanes", .operations = 1500, .tags = 40, .requirements = 1}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace weft
