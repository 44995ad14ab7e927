#include "analysis/slow_links.hpp"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Every pair of ranks, two on each host, with the time that `time` says of their hosts.
std::vector<PairTime> pairs(const std::vector<std::string>& hosts,
                            const std::function<double(const std::string&, const std::string&)>& time) {
  std::vector<PairTime> all;
  for (std::size_t a = 0; a < hosts.size(); ++a) {
    for (std::size_t b = a + 1; b < hosts.size(); ++b) {
      const double ns = time(hosts[a], hosts[b]);
      all.push_back({static_cast<int>(a), static_cast<int>(b), ns, 0.98 * ns, 1.02 * ns, 30});
    }
  }
  return all;
}

const std::vector<std::string> kHosts = {"a", "a", "b", "b", "c", "c", "d", "d"};

TEST(SlowLinks, ALinkIsNamedByItsHosts) {
  const auto levels = find_slow_links(pairs(kHosts,
                                            [](const std::string& one, const std::string& other) {
                                              if (one == other) return 10.0;
                                              return one == "b" && other == "d" ? 1000.0 : 100.0;
                                            }),
                                      kHosts);
  ASSERT_EQ(levels.size(), 5U) << "between, and inside each of four";
  EXPECT_EQ(levels[0].name, "between hosts");
  EXPECT_EQ(levels[0].links.size(), 6U);
  EXPECT_EQ(levels[0].links.front().pairs, 4);
  EXPECT_THAT(levels[0].ends, IsEmpty());
  ASSERT_EQ(levels[0].slow.size(), 1U);
  EXPECT_EQ(levels[0].slow[0].first, "b");
  EXPECT_EQ(levels[0].slow[0].second, "d");
  EXPECT_DOUBLE_EQ(levels[0].slow[0].median_ns / levels[0].reference_ns, 10);
  EXPECT_THAT(levels[1].slow, IsEmpty()) << "one link inside a host is compared with nothing";
}

TEST(SlowLinks, AHostWithMostLinksSlowExplainsThem) {
  const auto levels = find_slow_links(
      pairs(kHosts, [](const std::string& one,
                       const std::string& other) { return one == "c" || other == "c" ? 200.0 : 100.0; }),
      kHosts);
  EXPECT_THAT(levels[0].ends, ElementsAre("c"));
  EXPECT_THAT(levels[0].slow, IsEmpty());
}

TEST(SlowLinks, LittleAndUncertainDifferencesAreNone) {
  auto all = pairs(kHosts, [](const std::string& one, const std::string&) { return one == "b" ? 120.0 : 100.0; });
  EXPECT_THAT(find_slow_links(all, kHosts)[0].slow, IsEmpty());
  for (PairTime& pair : all) {
    if (kHosts[static_cast<std::size_t>(pair.first)] != "b") continue;
    pair.median_ns = 200;
    pair.low_ns = 110;
  }
  EXPECT_THAT(find_slow_links(all, kHosts)[0].slow, IsEmpty());
}

TEST(SlowLinks, InsideAHostRanksAreTheEnds) {
  const std::vector<std::string> one(5, "a");
  std::vector<PairTime> all = pairs(one, [](const std::string&, const std::string&) { return 10.0; });
  for (PairTime& pair : all)
    if (pair.second == 4) pair.median_ns = pair.low_ns = 30;
  const auto levels = find_slow_links(all, one);
  ASSERT_EQ(levels.size(), 1U);
  EXPECT_EQ(levels[0].name, "inside a");
  EXPECT_THAT(levels[0].ends, ElementsAre("rank 4"));
}

}  // namespace
}  // namespace weft
