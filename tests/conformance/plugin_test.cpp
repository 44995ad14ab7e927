// The entries of examples/plugin, held to what weft's own promise.
#include "plugins/plugin.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectives/verify.hpp"
#include "tests/conformance/calls.hpp"
#include "tests/conformance/run_collectives.hpp"
#include "tests/conformance/transport_cases.hpp"
#include "worlds/registry.hpp"

namespace weft {
namespace {

constexpr Nanoseconds kPluginTimeout = 120'000'000'000;

int launch_plugin_test(const char* world, int ranks, const RankMain& check) {
  return worlds::registry().find(world).launch({.ranks = ranks, .timeout = kPluginTimeout}, check);
}

TEST(ExamplePlugin, TransportKeepsItsPromises) {
  const Transport fifo = weft_plugin.entries().transports.front();
  const RankMain check = [&](World& world) {
    return fifo.refuses(world, {}).empty() ? check_transport(world, fifo, true) : 1;
  };
  for (const char* world : {"threads", "local"})
    for (const int ranks : {1, 2, 3, 5}) EXPECT_EQ(launch_plugin_test(world, ranks, check), 0) << world << ' ' << ranks;
}

TEST(ExamplePlugin, TransportCarriesAlgorithmsWithoutAllocating) {
  const PluginEntries entries = weft_plugin.entries();
  const RankMain check = [&](World& world) {
    const Algorithm& pairwise = collectives::find(Collective::all_to_all, "pairwise");
    return check_collectives(world, entries.transports.front(), {&entries.algorithms.front(), &pairwise});
  };
  for (const int ranks : {2, 3}) EXPECT_EQ(launch_plugin_test("local", ranks, check), 0) << ranks;
}

TEST(ExamplePlugin, AlgorithmIsRightForAnyNumberOfRanks) {
  const Algorithm star = weft_plugin.entries().algorithms.front();
  for (int ranks = 1; ranks <= 9; ++ranks)
    for (const std::uint64_t count : {0U, 1U, 7U, 251U})
      for (const Call& call : variants(star, ranks, count, Datatype::f32))
        EXPECT_EQ(verify_collective(star, call), Findings{}) << describe(star, call);
}

TEST(ExamplePlugin, PatternsRanksMeet) {
  const Pattern mirror = weft_plugin.entries().patterns.front();
  const std::vector<Point> points = mirror.plan({}, 5);
  ASSERT_FALSE(points.empty());
  for (const Point& point : points) {
    std::vector<Program> programs;
    for (int rank = 0; rank < 5; ++rank) programs.push_back(point.build(rank)->programs().front());
    EXPECT_EQ(verify_traffic(programs), Findings{});
    EXPECT_EQ(programs.front().sent_bytes(), point.bytes_per_rank);
    EXPECT_EQ(programs[2].sent_bytes(), 0u);  // in the middle
  }
}

Transport named(const std::string& name) {
  Transport transport = weft_plugin.entries().transports.front();
  transport.name = name;
  return transport;
}

TEST(ExtendedRegistry, FindsWhatWasAddedBehindItsOwn) {
  Registry<Transport> registry("transport", {named("one")}, {});
  registry.extend({named("two"), named("three")});
  EXPECT_EQ(registry.names(), (std::vector<std::string>{"one", "two", "three"}));
  EXPECT_EQ(registry.find("three").name, "three");
}

TEST(ExtendedRegistry, TakesNothingWhereANameIsTaken) {
  Registry<Transport> registry("transport", {named("one")}, {{.name = "absent", .package = "some"}});
  for (const char* taken : {"one", "absent", "two"})  // the last twice in what is added
    EXPECT_THROW(registry.extend({named("two"), named(taken)}), UsageError) << taken;
  EXPECT_EQ(registry.names(), std::vector<std::string>{"one"});
}

}  // namespace
}  // namespace weft
