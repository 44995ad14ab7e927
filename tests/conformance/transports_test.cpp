// Every transport in every world that can host it here.
#include <algorithm>

#include <gtest/gtest.h>

#include "tests/conformance/transport_cases.hpp"
#include "worlds/registry.hpp"

namespace weft {
namespace {

constexpr int kFewRanks = 2;

class TransportConformance : public testing::TestWithParam<std::tuple<std::string, std::string, int>> {};

TEST_P(TransportConformance, KeepsItsPromises) {
  const auto& [world, name, ranks] = GetParam();
  const Transport& transport = transports::registry().find(name);
  const LaunchOptions options{.ranks = ranks, .timeout = 120'000'000'000};
  constexpr int kRefused = 3;
  const int code = worlds::registry().find(world).launch(options, [&, ranks = ranks](World& here) {
    if (!transport.refuses(here, {}).empty()) return kRefused;
    int worst = check_transport(here, transport, true);
    // Ranks that do not yield keep each other from the core where there are fewer cores.
    if (ranks <= kFewRanks) worst = std::max(worst, check_transport(here, transport, false));
    return worst;
  });
  if (code == kRefused) GTEST_SKIP() << name << " does not run in the world " << world;
  EXPECT_EQ(code, 0);
}

std::string name_of_case(const testing::TestParamInfo<TransportConformance::ParamType>& chosen) {
  const auto& [world, name, ranks] = chosen.param;
  return world + "_" + name + "_" + std::to_string(ranks);
}

INSTANTIATE_TEST_SUITE_P(Transports, TransportConformance,
                         testing::Combine(testing::Values("threads", "local", "fibers"),
                                          testing::ValuesIn(transports::registry().names()),
                                          testing::Values(1, 2, 3, 4, 5, 7, 8)),
                         name_of_case);

}  // namespace
}  // namespace weft
