// Every registered algorithm, and every collective of the transport's own, over every registered transport, with
// payload that is checked. Ranks are those of the world that the transport needs, else threads.
#include <mutex>

#include <gtest/gtest.h>

#include "tests/conformance/calls.hpp"
#include "tests/conformance/lacking_device.hpp"
#include "tests/conformance/run_collectives.hpp"
#include "worlds/registry.hpp"

namespace weft {
namespace {

struct Case {
  const Transport* transport;
  const Algorithm* algorithm;  ///< null: native
};

std::string name_of(const Case& value) {
  return test_name(value.transport->name + "_" +
                   (value.algorithm != nullptr ? value.algorithm->key() : std::string(kNative)));
}

std::vector<Case> cases(bool on_devices) {
  std::vector<Case> all;
  for (const Transport& transport : transports::registry().entries()) {
    if (transport.needs_world == "mpi" || transport.needs_device.empty() == on_devices) continue;  // mpirun runs those
    for (const Algorithm& algorithm : collectives::registry().entries()) all.push_back({&transport, &algorithm});
    all.push_back({&transport, nullptr});
  }
  return all;
}

class EveryTransport : public testing::TestWithParam<Case> {};

TEST_P(EveryTransport, GivesTheRightResult) {
  const auto [transport, algorithm] = GetParam();
  const Launcher& world = worlds::registry().find(transport->needs_world.empty() ? "threads" : transport->needs_world);
  std::mutex mutex;
  std::vector<std::string> failures;
  for (const int ranks : {1, 2, 3, 4, 5, 7, 8}) {
    LaunchOptions options;
    options.ranks = ranks;
    options.timeout = 60'000'000'000;
    const int code = world.launch(options, [&, transport = transport, algorithm = algorithm](World& rank) {
      std::vector<std::string> found = run_and_check(rank, *transport, algorithm);
      if (rank.rank() != 0) return 0;
      const std::lock_guard lock(mutex);
      failures.insert(failures.end(), found.begin(), found.end());
      return 0;
    });
    EXPECT_EQ(code, 0) << ranks << " ranks";
  }
  EXPECT_EQ(failures, std::vector<std::string>{});
}

INSTANTIATE_TEST_SUITE_P(Run, EveryTransport, testing::ValuesIn(cases(false)),
                         [](const auto& chosen) { return name_of(chosen.param); });

// Ranks that are processes, several on one device.
class EveryDevice : public testing::TestWithParam<Case> {};

TEST_P(EveryDevice, GivesTheRightResult) {
  const auto [transport, algorithm] = GetParam();
  if (const std::string lacking = lacking_device(*transport); !lacking.empty()) GTEST_SKIP() << lacking;
  for (const int ranks : {1, 2, 3, 4}) {
    const LaunchOptions options{.ranks = ranks, .timeout = 120'000'000'000};
    EXPECT_EQ(worlds::registry().find("local").launch(options,
                                                      [&, transport = transport, algorithm = algorithm](World& world) {
                                                        return check_collectives(world, *transport, algorithm);
                                                      }),
              0)
        << ranks << " ranks";
  }
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(EveryDevice);  // a build without NCCL
INSTANTIATE_TEST_SUITE_P(Run, EveryDevice, testing::ValuesIn(cases(true)),
                         [](const auto& chosen) { return name_of(chosen.param); });

// Processes map each other's memory where threads share it.
TEST(SharedMemoryBetweenProcesses, OwnCollectivesGiveTheRightResult) {
  const Transport& shm = transports::registry().find("shm");
  for (const int ranks : {1, 2, 3, 4}) {
    const LaunchOptions options{.ranks = ranks, .timeout = 60'000'000'000};
    EXPECT_EQ(worlds::registry().find("local").launch(
                  options, [&](World& world) { return check_collectives(world, shm, nullptr); }),
              0)
        << ranks << " ranks";
  }
}

}  // namespace
}  // namespace weft
