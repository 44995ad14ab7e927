#include "measure/load.hpp"

#include <gtest/gtest.h>

namespace weft {
namespace {

/// One timed rank that takes `timed`, and one of the load that takes `load`, 100 us earlier.
Samples tried(std::int32_t timed, std::int32_t load) {
  Samples samples;
  samples.completion = {static_cast<double>(timed)};
  samples.ranks.ranks = 2;
  samples.ranks.start = {0};
  samples.ranks.start_off = {0, -100'000};
  samples.ranks.duration = {timed, load};
  return samples;
}

const TimedRanks kTimed{.mask = {1, 0}, .lead = kLeastLead};

TEST(Load, LastsTwiceAsLongAsItsLeadAndTheLongestOperation) {
  const Load load = load_needed(tried(50'000, 10'000), kTimed, {.rounds = 1, .lead = kLeastLead});
  EXPECT_EQ(load.rounds, 31) << "2 x (100 + 50) us in rounds of 10 us, and one";
  EXPECT_EQ(load.lead, kLeastLead);
  EXPECT_EQ(load_needed(tried(50'000, 310'000), kTimed, load), load) << "31 rounds of 10 us are enough";
}

TEST(Load, OneOperationThatIsStuckDoesNotCount) {
  Samples samples = tried(50'000, 10'000);
  for (int i = 1; i < 21; ++i) {
    samples.completion.push_back(0);
    samples.ranks.start_off.insert(samples.ranks.start_off.end(), {0, -100'000});
    samples.ranks.duration.insert(samples.ranks.duration.end(), {i == 7 ? 900'000'000 : 50'000, 10'000});
  }
  EXPECT_EQ(load_needed(samples, kTimed, {.rounds = 1, .lead = kLeastLead}).rounds, 31);
}

TEST(Load, LeadsByARoundOfItsOwn) {
  const Load load = load_needed(tried(1'000'000, 700'000), kTimed, {.rounds = 2, .lead = kLeastLead});
  EXPECT_EQ(load.lead, 350'000);
  EXPECT_EQ(load.rounds, 9) << "2 x (0.35 + 1) ms in rounds of 0.35 ms, and one";
}

TEST(Load, IsNeverLessThanWasTriedAndBounded) {
  EXPECT_EQ(load_needed(tried(10, 900'000), kTimed, {.rounds = 9, .lead = 500'000}),
            (Load{.rounds = 9, .lead = 500'000}));
  EXPECT_EQ(load_needed(tried(2'000'000'000, 1), kTimed, {.rounds = 1, .lead = kLeastLead}).rounds, kMostLoadRounds);
}

TEST(Load, GoesByTheSlowestOfThoseThatAreTimedAndTheLongestOfTheOthers) {
  Samples samples = tried(0, 0);
  samples.ranks.ranks = 4;
  samples.ranks.start_off = {0, 20'000, -100'000, -100'000};
  samples.ranks.duration = {50'000, 80'000, 10'000, 20'000};
  const TimedRanks timed{.mask = {1, 1, 0, 0}, .lead = kLeastLead};
  EXPECT_EQ(load_needed(samples, timed, {.rounds = 1, .lead = kLeastLead}).rounds, 21)
      << "2 x (100 + 100) us in rounds of 20, and one";
}

}  // namespace
}  // namespace weft
