// Every registered algorithm, and every collective of the transport's own, over every registered transport, with
// payload that is checked. Ranks are those of the world that the transport needs, else threads.
#include <gtest/gtest.h>

#include "tests/conformance/calls.hpp"
#include "tests/conformance/lacking_device.hpp"
#include "tests/conformance/run_collectives.hpp"
#include "worlds/registry.hpp"

namespace weft {
namespace {

constexpr int kFewRanks = 3;

/// A transport is opened once for all algorithms: the libraries take longer to open than to run them.
struct Case {
  const Transport* transport;
  int ranks;
  bool by_node;  ///< the algorithms of two levels, or the others and the transport's own
};

std::string name_of(const Case& value) {
  return value.transport->name + "_" + std::to_string(value.ranks) + (value.by_node ? "_by_node" : "");
}

bool runs_here(const Transport& transport) { return transport.needs_world != "mpi"; }  // mpirun runs those

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const Transport& transport : transports::registry().entries())
    for (const int ranks : {1, 2, 3, 4, 5, 7, 8})
      for (const bool by_node : {false, true})
        if (runs_here(transport) && transport.needs_device.empty() && (ranks <= kFewRanks || !is_slow(transport)))
          all.push_back({&transport, ranks, by_node});
  return all;
}

class EveryTransport : public testing::TestWithParam<Case> {};

TEST_P(EveryTransport, GivesTheRightResults) {
  const auto [transport, ranks, by_node] = GetParam();
  const Launcher& world = worlds::registry().find(transport->needs_world.empty() ? "threads" : transport->needs_world);
  std::vector<std::string> failures;
  const LaunchOptions options{.ranks = ranks, .timeout = 60'000'000'000};
  const Algorithms chosen = algorithms(by_node);
  const int code = world.launch(options, [&, transport = transport](World& rank) {
    std::vector<std::string> found = run_and_check(rank, *transport, chosen);
    if (rank.rank() == 0) failures = std::move(found);
    return 0;
  });
  EXPECT_EQ(code, 0);
  EXPECT_EQ(failures, std::vector<std::string>{});
}

INSTANTIATE_TEST_SUITE_P(Run, EveryTransport, testing::ValuesIn(cases()),
                         [](const auto& chosen) { return name_of(chosen.param); });

struct DeviceCase {
  const Transport* transport;
  const Algorithm* algorithm;  ///< null: native
};

std::string name_of(const DeviceCase& value) {
  return test_name(value.transport->name + "_" +
                   (value.algorithm != nullptr ? value.algorithm->key() : std::string(kNative)));
}

std::vector<DeviceCase> device_cases() {
  std::vector<DeviceCase> all;
  for (const Transport& transport : transports::registry().entries())
    if (runs_here(transport) && !transport.needs_device.empty())
      for (const bool by_node : {false, true})
        for (const Algorithm* const algorithm : algorithms(by_node)) all.push_back({&transport, algorithm});
  return all;
}

// Ranks that are processes, several on one device.
class EveryDevice : public testing::TestWithParam<DeviceCase> {};

TEST_P(EveryDevice, GivesTheRightResult) {
  const auto [transport, algorithm] = GetParam();
  if (const std::string lacking = lacking_device(*transport); !lacking.empty()) GTEST_SKIP() << lacking;
  for (const int ranks : {1, 2, 3, 4}) {
    const LaunchOptions options{.ranks = ranks, .timeout = 120'000'000'000};
    EXPECT_EQ(worlds::registry().find("local").launch(options,
                                                      [&, transport = transport, algorithm = algorithm](World& world) {
                                                        return check_collectives(world, *transport, {algorithm});
                                                      }),
              0)
        << ranks << " ranks";
  }
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(EveryDevice);  // a build without NCCL
INSTANTIATE_TEST_SUITE_P(Run, EveryDevice, testing::ValuesIn(device_cases()),
                         [](const auto& chosen) { return name_of(chosen.param); });

// Processes map each other's memory where threads share it.
TEST(SharedMemoryBetweenProcesses, OwnCollectivesGiveTheRightResult) {
  const Transport& shm = transports::registry().find("shm");
  for (const int ranks : {1, 2, 3, 4}) {
    const LaunchOptions options{.ranks = ranks, .timeout = 60'000'000'000};
    EXPECT_EQ(worlds::registry().find("local").launch(
                  options, [&](World& world) { return check_collectives(world, shm, {nullptr}); }),
              0)
        << ranks << " ranks";
  }
}

}  // namespace
}  // namespace weft
