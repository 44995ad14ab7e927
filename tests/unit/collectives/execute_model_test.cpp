#include <algorithm>
#include <bit>
#include <functional>
#include <vector>

#include <gtest/gtest.h>

#include "collectives/execute.hpp"
#include "collectives/registry.hpp"
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

std::function<Program(int)> algorithm(Collective collective, const char* name, int ranks, std::uint64_t count) {
  return [=](int rank) {
    Call call;
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

TEST(ExecuteModel, PairwiseAllToAllTakesOneMessageTimePerRound) {
  constexpr int kRanks = 256;
  EXPECT_EQ(ends(kRanks, algorithm(Collective::all_to_all, "pairwise", kRanks, kBytes / 4)),
            std::vector<Nanoseconds>(kRanks, (kRanks - 1) * (kAlpha + kWire)));
}

}  // namespace
}  // namespace weft
