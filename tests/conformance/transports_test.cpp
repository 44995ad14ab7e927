// Every transport in every world that can host it here.
#include <algorithm>

#include <gtest/gtest.h>

#include "tests/conformance/lacking_device.hpp"
#include "tests/conformance/transport_cases.hpp"
#include "tests/unit/worlds/env_launch.hpp"
#include "worlds/registry.hpp"

namespace weft {
namespace {

constexpr int kFewRanks = 2;
constexpr int kMostOnADevice = 4;

struct Case {
  std::string world;
  std::string transport;
  int ranks;
};

std::string name_of(const Case& value) {
  return value.world + "_" + value.transport + "_" + std::to_string(value.ranks);
}

bool known(const std::string& world) {
  const auto names = worlds::registry().names();
  return std::find(names.begin(), names.end(), world) != names.end();
}

/// Worlds that this process can launch and the transport runs in; those that need a launcher are run by mpirun.
std::vector<Case> cases() {
  std::vector<Case> all;
  for (const Transport& transport : transports::registry().entries())
    for (const std::string world : {"threads", "local", "fibers"})
      for (const int ranks : {1, 2, 3, 4, 5, 7, 8}) {
        // Ranks that are threads could not share the device, and more than a few would wait for it most of the time.
        if (!transport.needs_device.empty() && (world != "local" || ranks > kMostOnADevice)) continue;
        // A library takes long to open, and ranks that are threads run all collectives over it.
        if (transport.version && world == "threads") continue;
        if (transport.needs_world == world || (transport.needs_world.empty() && world != "fibers"))
          all.push_back({world, transport.name, ranks});
      }
  for (const Transport& transport : transports::registry().entries())
    if (transport.needs_world.empty() && transport.needs_device.empty() && known("env"))
      all.push_back({"env", transport.name, 3});
  return all;
}

class TransportConformance : public testing::TestWithParam<Case> {};

TEST_P(TransportConformance, KeepsItsPromises) {
  const auto& [world, name, ranks] = GetParam();
  const Transport& transport = transports::registry().find(name);
  if (const std::string lacking = lacking_device(transport); !lacking.empty()) GTEST_SKIP() << lacking;
  const LaunchOptions options{.ranks = ranks, .timeout = 120'000'000'000};
  const RankMain check = [&, ranks = ranks](World& here) {
    if (!transport.refuses(here, {}).empty()) return 1;
    int worst = check_transport(here, transport, true);
    // Ranks that do not yield keep each other from the core where there are fewer cores.
    if (ranks <= kFewRanks) worst = std::max(worst, check_transport(here, transport, false));
    return worst;
  };
  EXPECT_EQ(
      world == "env" ? launch_by_environment(options, check) : worlds::registry().find(world).launch(options, check),
      0);
}

TEST(Transports, OfRealWorldsRefuseFibers) {
  for (const Transport& transport : transports::registry().entries()) {
    if (!transport.needs_world.empty()) continue;
    std::string said;
    worlds::registry().find("fibers").launch({.ranks = 1}, [&](World& here) {
      said = transport.refuses(here, {});
      return 0;
    });
    EXPECT_EQ(said, transport.name + " needs ranks that run at the same time; 'fibers' has one thread for all");
  }
}

INSTANTIATE_TEST_SUITE_P(Transports, TransportConformance, testing::ValuesIn(cases()),
                         [](const auto& chosen) { return name_of(chosen.param); });

}  // namespace
}  // namespace weft
