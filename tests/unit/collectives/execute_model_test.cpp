#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "collectives/execute.hpp"
#include "collectives/registry.hpp"
#include "collectives/two_level.hpp"
#include "transports/registry.hpp"
#include "worlds/registry.hpp"

namespace weft {
namespace {

constexpr Nanoseconds kAlpha = 2'000;
constexpr Bytes kBytes = 4'000;
constexpr Nanoseconds kWire = 80;  ///< 4,000 B at 50 B/ns

/// Runs build(rank)'s program on every rank, over the model and without data; when each rank ended, ns.
std::vector<Nanoseconds> ends(int ranks, const std::function<Program(int)>& build, const FabricModel& fabric = {}) {
  std::vector<Nanoseconds> all(static_cast<std::size_t>(ranks), -1);
  TransportOptions options;
  options.carry_data = false;
  options.model = fabric;
  LaunchOptions launch;
  launch.ranks = ranks;
  worlds::registry().find("fibers").launch(launch, [&](World& world) {
    const auto communicator = transports::registry().find("model").create(world, options);
    const Program program = build(world.rank());
    const Memory in = communicator->allocate(program.in_bytes);
    const Memory out = communicator->allocate(program.out_bytes);
    const Memory scratch = communicator->allocate(program.scratch_bytes);
    Executor executor(program, *communicator, world);
    world.barrier();
    executor.run({.in = in.get(), .out = out.get(), .scratch = scratch.get()});
    all[static_cast<std::size_t>(world.rank())] = communicator->now();
    return 0;
  });
  return all;
}

Program empty_program(int rank, int ranks, Bytes bytes) {
  Program program;
  program.rank = rank;
  program.ranks = ranks;
  program.in_bytes = bytes;
  program.out_bytes = bytes;
  return program;
}

std::function<Program(int)> algorithm(Collective collective, const char* name, int ranks, std::uint64_t count,
                                      const std::shared_ptr<const Nodes>& nodes = nullptr) {
  return [=](int rank) {
    Call call;
    call.nodes = nodes;
    call.collective = collective;
    call.rank = rank;
    call.ranks = ranks;
    call.count = count;
    return build_program(collectives::find(collective, name), call);
  };
}

TEST(ExecuteModel, RingAllGatherTakesOneMessageTimePerRound) {
  for (const int ranks : {2, 3, 7, 64}) {
    const auto program = algorithm(Collective::all_gather, "ring", ranks, kBytes / 4);
    EXPECT_EQ(ends(ranks, program),
              std::vector<Nanoseconds>(static_cast<std::size_t>(ranks), (ranks - 1) * (kAlpha + kWire)));
    // The send and the receive of a round are posted within the flight of the message: one overhead per round shows.
    EXPECT_EQ(ends(ranks, program, {.overhead = 10}),
              std::vector<Nanoseconds>(static_cast<std::size_t>(ranks), (ranks - 1) * (10 + kAlpha + kWire)));
  }
}

TEST(ExecuteModel, ThousandRanksLeaveTheDisseminationBarrierAfterLogRounds) {
  constexpr int kRanks = 1024;
  const auto rounds = [](Bytes bytes) {
    return [bytes](int rank) {
      Program program = empty_program(rank, kRanks, bytes);
      Lane& lane = program.lanes.emplace_back("barrier");
      for (int distance = 1; distance < kRanks; distance *= 2) {
        lane.send((rank + distance) % kRanks, {Space::in, 0, bytes});
        lane.recv((rank + kRanks - distance) % kRanks, {Space::out, 0, bytes});
        lane.wait();
      }
      return program;
    };
  };
  EXPECT_EQ(ends(kRanks, rounds(kBytes)), std::vector<Nanoseconds>(kRanks, std::bit_width(1023U) * (kAlpha + kWire)));
}

TEST(ExecuteModel, ComputeHidesCommunicationOfAnotherLane) {
  for (const Nanoseconds compute : {Nanoseconds{500}, kAlpha + kWire, Nanoseconds{10'000}}) {
    const auto both = [&](int rank) {
      Program program = empty_program(rank, 2, kBytes);
      program.lanes.emplace_back("compute").compute(compute);
      Lane& lane = program.lanes.emplace_back("exchange");
      lane.send(1 - rank, {Space::in, 0, kBytes});
      lane.recv(1 - rank, {Space::out, 0, kBytes});
      lane.wait();
      return program;
    };
    EXPECT_EQ(ends(2, both), std::vector<Nanoseconds>(2, std::max(compute, kAlpha + kWire)));
  }
}

TEST(ExecuteModel, EventsOrderComputeAfterCommunication) {
  const auto chained = [](int rank) {
    Program program = empty_program(rank, 2, kBytes);
    program.events = 1;
    Lane& compute = program.lanes.emplace_back("compute");
    compute.await(0);
    compute.compute(700);
    Lane& lane = program.lanes.emplace_back("exchange");
    lane.send(1 - rank, {Space::in, 0, kBytes});
    lane.recv(1 - rank, {Space::out, 0, kBytes});
    lane.wait();
    lane.signal(0);
    return program;
  };
  EXPECT_EQ(ends(2, chained), std::vector<Nanoseconds>(2, kAlpha + kWire + 700));
}

/// As fabrics/h800.json, in nodes of eight.
constexpr FabricModel kTwoLevels{
    .latency = 3'700, .bandwidth = 40, .ranks_per_node = 8, .node_latency = 3'330, .node_bandwidth = 160};
constexpr int kRanksOnNodes = 32;

/// What an algorithm takes on four nodes, ns, and what the bytes that a rank sends to either level take, one level
/// after the other, on the rank that sends longest.
struct OnNodes {
  double time = 0;
  double of_bytes = 0;
};

OnNodes on_nodes(Collective collective, const char* name, std::uint64_t count) {
  const auto nodes = collectives::nodes_in_order(kRanksOnNodes, kTwoLevels.ranks_per_node);
  const auto program = algorithm(collective, name, kRanksOnNodes, count, nodes);
  OnNodes result;
  for (const Nanoseconds end : ends(kRanksOnNodes, program, kTwoLevels))
    result.time = std::max(result.time, static_cast<double>(end));
  for (int rank = 0; rank < kRanksOnNodes; ++rank) {
    const Program mine = program(rank);
    const auto between = static_cast<double>(mine.sent_bytes_between(*nodes));
    const double inside = static_cast<double>(mine.sent_bytes()) - between;
    result.of_bytes = std::max(result.of_bytes, between / kTwoLevels.bandwidth + inside / kTwoLevels.node_bandwidth);
  }
  return result;
}

TEST(ExecuteModel, TwoLevelsAreFasterAsTheBytesSay) {
  struct Case {
    Collective collective;
    const char* flat;
    std::uint64_t count;
    double ratio;  ///< of the bytes' times, by the formulas of docs/algorithms.md; below 1 the flat one is faster
  };
  // Of s bytes, between nodes at 40 and inside at 160 GB/s: a flat ring's end of a node sends all that it sends
  // between.
  for (const Case& one :
       {Case{Collective::all_reduce, "ring", 1 << 24, (62.0 / 40) / (6.0 / 40 + 32 * 1.75 / 160)},
        Case{Collective::all_gather, "ring", 1 << 20, (31.0 / 40) / (3.0 / 40 + 28.0 / 160)},
        Case{Collective::reduce_scatter, "ring", 1 << 20, (31.0 / 40) / (3.0 / 40 + 28.0 / 160)},
        Case{Collective::all_to_all, "pairwise", 1 << 20, (24.0 / 40 + 7.0 / 160) / (24.0 / 40 + 28.0 / 160)}}) {
    const OnNodes flat = on_nodes(one.collective, one.flat, one.count);
    const OnNodes two_level = on_nodes(one.collective, "two_level", one.count);
    EXPECT_NEAR(flat.of_bytes / two_level.of_bytes, one.ratio, 1e-3 * one.ratio) << name_of(one.collective);
    EXPECT_NEAR(flat.time / two_level.time, one.ratio, 0.15 * one.ratio) << name_of(one.collective);
  }
}

// Three messages between nodes for 24, in one round for three of them.
TEST(ExecuteModel, TwoLevelsExchangeSmallBlocksFaster) {
  const double two_level = on_nodes(Collective::all_to_all, "two_level", 16).time;
  EXPECT_LT(two_level, on_nodes(Collective::all_to_all, "linear", 16).time / 1.5);
  EXPECT_LT(two_level, on_nodes(Collective::all_to_all, "pairwise", 16).time / 10);
}

double slowest_end(int ranks, const char* name, std::uint64_t count, const FabricModel& fabric) {
  const auto all = ends(ranks, algorithm(Collective::all_reduce, name, ranks, count), fabric);
  return static_cast<double>(*std::max_element(all.begin(), all.end()));
}

TEST(ExecuteModel, CostIsTheTimeOnALinkOfItsLatency) {
  constexpr double kGbps = 4;
  const FabricModel fabric{.latency = static_cast<Nanoseconds>(kLatencyBytes / kGbps), .bandwidth = kGbps};
  for (const int ranks : {2, 3, 4, 6, 7, 8, 12, 15})
    for (const char* name : {"ring", "recursive_doubling", "rabenseifner"})
      for (const std::uint64_t count : {1U << 10U, 3U << 12U, 1U << 20U}) {
        Call call;
        call.collective = Collective::all_reduce;
        call.ranks = ranks;
        call.count = count;
        const double cost = collectives::find(call.collective, name).cost(call) / kGbps;
        // The simulated fabric reduces for nothing: half of what is carried, and all but what a fold hands back.
        call.count = 0;
        const double latency = collectives::find(call.collective, name).cost(call) / kGbps;
        const int doublings = static_cast<int>(std::log2(ranks));
        const bool folds = ranks != 1 << doublings;
        const double all = folds ? (doublings + 1.0) / (doublings + 2.0) : 1.0;
        const double reduced = std::string_view(name) == "recursive_doubling" ? all : 0.5;
        const double carrying = latency + (cost - latency) / (1 + reduced * kReducedByte);
        const double time = slowest_end(ranks, name, count, fabric);
        EXPECT_LE(time, 1.02 * carrying) << name << " " << ranks << " " << count;
        // Where few ranks fold, the others are ahead and their first message has come by then: one latency less.
        const bool ahead = ranks == 3 || ranks == 6 || ranks == 12;
        EXPECT_GE(time, 0.996 * carrying - (ahead ? kLatencyBytes / kGbps : 0)) << name << " " << ranks << " " << count;
      }
}

TEST(ExecuteModel, PairwiseAllToAllTakesOneMessageTimePerRound) {
  constexpr int kRanks = 256;
  EXPECT_EQ(ends(kRanks, algorithm(Collective::all_to_all, "pairwise", kRanks, kBytes / 4)),
            std::vector<Nanoseconds>(kRanks, (kRanks - 1) * (kAlpha + kWire)));
}

}  // namespace
}  // namespace weft
