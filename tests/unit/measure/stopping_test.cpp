#include "measure/stopping.hpp"

#include <cmath>

#include <boost/random/mersenne_twister.hpp>
#include <boost/random/normal_distribution.hpp>
#include <gtest/gtest.h>

namespace weft {
namespace {

constexpr Nanoseconds kEach = 1'000'000;

std::vector<double> noisy(std::size_t count, double variation) {
  boost::random::mt19937_64 engine(1);
  boost::random::normal_distribution<double> values(1e6, 1e6 * variation);
  std::vector<double> all(count);
  for (double& value : all) value = values(engine);
  return all;
}

Decision after(const StopRule& rule, const std::vector<double>& valid, std::size_t late = 0) {
  const std::size_t all = valid.size() + late;
  return decide(rule, {.valid = valid, .all = all, .elapsed = static_cast<Nanoseconds>(all) * kEach});
}

TEST(Stopping, HalfWidthIsThatOfTheMedian) {
  // 1.2533 sigma / sqrt n is the median's standard error, 1.96 of them the half-width.
  EXPECT_NEAR(relative_half_width(noisy(10'000, 0.1)), 1.96 * 1.2533 * 0.1 / 100, 8e-4);
  EXPECT_EQ(relative_half_width(std::vector<double>(100, 5.0)), 0);
  EXPECT_TRUE(std::isinf(relative_half_width(noisy(5, 0.1))));
}

TEST(Stopping, AnIntervalThatIsNarrowEnoughStops) {
  const StopRule rule;
  EXPECT_EQ(after(rule, noisy(100, 0.01)).reason, StopReason::interval);
  EXPECT_EQ(after(rule, noisy(100, 0.5)).reason, StopReason::none);
}

TEST(Stopping, NotBeforeTheFewestSamplesNorTheShortestTime) {
  StopRule rule;
  rule.shortest = 0;
  const Decision few = after(rule, std::vector<double>(29, 1.0));
  EXPECT_EQ(few.reason, StopReason::none);
  EXPECT_GE(few.next, 1U);
  EXPECT_EQ(after(rule, std::vector<double>(30, 1.0)).reason, StopReason::interval);
  rule.shortest = 50 * kEach;
  const Decision early = after(rule, std::vector<double>(30, 1.0));
  EXPECT_EQ(early.reason, StopReason::none);
  EXPECT_EQ(early.next, 20U);
}

TEST(Stopping, TheBudgetStopsWhatDoesNotSettle) {
  StopRule rule;
  rule.budget = 200 * kEach;
  const Decision more = after(rule, noisy(150, 0.5));
  EXPECT_EQ(more.reason, StopReason::none);
  EXPECT_LE(more.next, 50U);
  EXPECT_EQ(after(rule, noisy(200, 0.5)).reason, StopReason::budget);
  rule.most = 100;
  EXPECT_EQ(after(rule, noisy(100, 0.5)).reason, StopReason::budget);
}

TEST(Stopping, ATinyBudgetStillGivesTheLeastIterations) {
  StopRule rule;
  rule.budget = 1;
  EXPECT_EQ(first_chunk(rule, kEach), kLeastIterations);
  EXPECT_EQ(after(rule, noisy(4, 0.5)).next, kLeastIterations - 4);
}

TEST(Stopping, ASlowerStartLeavesTheBudgetFewerSamples) {
  StopRule rule;
  rule.budget = 200 * kEach;
  const std::vector<double> taken = noisy(100, 0.5);
  const Decision slower = decide(rule, {.valid = taken, .all = 100, .elapsed = 100 * kEach, .at_least = 20 * kEach});
  EXPECT_EQ(slower.reason, StopReason::none);
  EXPECT_LE(slower.next, 5U);
}

TEST(Stopping, ComparedClocksAreAnchoredWithinTheirHorizon) {
  EXPECT_EQ(samples_between_anchors(kEach), 100U);
  EXPECT_EQ(samples_between_anchors(1e12), 1U);
}

TEST(Stopping, TheRanksAgreeRarely) {
  StopRule rule;
  rule.budget = 100'000 * kEach;
  rule.precision = 0.005;
  std::size_t taken = first_chunk(rule, kEach);
  int agreements = 0;
  while (true) {
    const Decision decision = after(rule, noisy(taken, 0.3));
    ++agreements;
    if (decision.reason != StopReason::none) {
      EXPECT_EQ(decision.reason, StopReason::interval);
      break;
    }
    taken += decision.next;
  }
  EXPECT_GT(taken, 15'000U);  // (1.96 * 1.2533 * 0.3 / 0.005)^2 = 21,700
  EXPECT_LT(taken, 45'000U);
  EXPECT_LT(agreements, 20);
}

TEST(Stopping, FixedIterationsReplaceWhatDoesNotCount) {
  StopRule rule;
  rule.iterations = 20;
  EXPECT_EQ(first_chunk(rule, kEach), 20U);
  const Decision replaced = after(rule, noisy(17, 0.5), 3);
  EXPECT_EQ(replaced.reason, StopReason::none);
  EXPECT_EQ(replaced.next, 3U);
  EXPECT_EQ(after(rule, noisy(20, 0.5), 3).reason, StopReason::iterations);
  EXPECT_EQ(after(rule, noisy(0, 0.5), 50).reason, StopReason::iterations);  // it would never end
}

}  // namespace
}  // namespace weft
