#include "statistics/change_points.hpp"

#include <gtest/gtest.h>

#include "tests/unit/statistics/series.hpp"

namespace weft {
namespace {

TEST(EDivisive, FindsTheStepsOfAHistory) {
  std::vector<double> history = test::Series(1).around_one(120, .02);
  for (std::size_t i = 40; i < 120; ++i) history[i] *= 1.1;
  for (std::size_t i = 90; i < 120; ++i) history[i] *= .8;
  const auto changes = e_divisive(history);
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_NEAR(static_cast<double>(changes[0].index), 40, 1);
  EXPECT_NEAR(static_cast<double>(changes[1].index), 90, 1);
  EXPECT_NEAR(changes[0].before, 1, .01);
  EXPECT_NEAR(changes[0].after, 1.1, .01);
  EXPECT_NEAR(changes[1].before, 1.1, .01);
  EXPECT_NEAR(changes[1].after, .88, .01);
  EXPECT_EQ(changes[0].p_value, .005);
}

TEST(EDivisive, FindsNoneInNoise) {
  std::size_t alarms = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    alarms += e_divisive(test::Series(seed).log_normal(40, .1), .05, 3, seed).empty() ? 0 : 1;
  }
  EXPECT_LE(alarms, 7U);  // 5 % of 60 are 3
}

TEST(EDivisive, IsDeterministicAndTakesWhatIsShort) {
  const std::vector<double> history = test::Series(2).around_one(50, .02);
  const auto once = e_divisive(history, .5);
  const auto again = e_divisive(history, .5);
  ASSERT_EQ(once.size(), again.size());
  for (std::size_t i = 0; i < once.size(); ++i) EXPECT_EQ(once[i].index, again[i].index);
  EXPECT_TRUE(e_divisive({}).empty());
  EXPECT_TRUE(e_divisive(std::vector<double>{1, 2, 3}).empty());
  EXPECT_TRUE(e_divisive(std::vector<double>(30, 4.0)).empty());
}

}  // namespace
}  // namespace weft
