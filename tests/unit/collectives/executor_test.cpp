#include <numeric>

#include <gtest/gtest.h>

#include "collectives/account.hpp"
#include "collectives/execute.hpp"
#include "tests/allocations.hpp"
#include "tests/unit/collectives/loopback.hpp"

namespace weft {
namespace {

/// out[0..8) = in + in by a message to oneself, then to scratch and back by a second lane after 1 us of compute.
Program two_lanes() {
  Program program;
  program.dtype = Datatype::f32;
  program.in_bytes = program.scratch_bytes = 32;
  program.out_bytes = 64;
  program.events = 1;
  const Region in{Space::in, 0, 32};
  const Region out{Space::out, 0, 32};
  Lane traffic("traffic");
  traffic.send(0, in);
  traffic.recv_reduce(0, out, in);
  traffic.wait();
  traffic.signal(0);
  Lane work("work");
  work.compute(1000);
  work.await(0);
  work.copy({Space::scratch, 0, 32}, out);
  work.reduce({Space::scratch, 0, 32}, in);
  work.send(0, {Space::scratch, 0, 32});
  work.recv(0, {Space::out, 32, 32});
  work.wait();
  program.lanes = {work, traffic};
  return program;
}

/// The same, what the lanes do to memory written as routines.
Program two_lanes_that_call() {
  const Program plain = two_lanes();
  const std::vector<Step>& work = plain.lanes[0].steps();
  const std::vector<Step>& traffic = plain.lanes[1].steps();
  Program program = plain;
  program.routines = {Lane("reduce", {traffic.begin(), traffic.begin() + 3}),
                      Lane("twice", {work.begin() + 2, work.end()}), Lane("nothing")};
  Lane caller("work");
  caller.compute(1000);
  caller.await(0);
  caller.call(1);
  caller.call(2);
  caller.call(1);
  Lane other("traffic");
  other.call(0);
  other.signal(0);
  program.lanes = {caller, other};
  return program;
}

struct Ready {
  explicit Ready(const Program& original, const ComputeOptions& compute = {})
      : program(lower(original, transport)), executor(program, transport, world, compute) {
    in = transport.allocate(program.in_bytes);
    out = transport.allocate(program.out_bytes);
    scratch = transport.allocate(program.scratch_bytes);
    auto* values = reinterpret_cast<float*>(in.get());
    std::iota(values, values + program.in_bytes / sizeof(float), 1.0F);
  }
  void run() { executor.run({in.get(), out.get(), scratch.get()}); }
  void run_traced(TraceDepth depth, std::vector<StepTime>& log) {
    executor.run_traced(
        {in.get(), out.get(), scratch.get()}, depth, [&] { return transport.now(); },
        [&](const StepTime& time) { log.push_back(time); });
  }
  float result(std::size_t index) const { return reinterpret_cast<const float*>(out.get())[index]; }

  Loopback transport;
  AloneWorld world;
  Program program;
  Executor executor;
  Memory in, out, scratch;
};

TEST(Executor, ATracedRunWritesDownEveryStepOnce) {
  Ready ready(two_lanes());
  std::vector<StepTime> log;
  ready.run_traced(TraceDepth::steps, log);
  std::vector<std::int32_t> next(2, 0);
  std::vector<Nanoseconds> ended(2, 0);
  for (const StepTime& step : log) {
    const auto lane = static_cast<std::size_t>(step.lane);
    EXPECT_EQ(step.step, next.at(lane)++);
    EXPECT_GE(step.start, ended.at(lane));
    EXPECT_GE(step.end, step.start);
    ended.at(lane) = step.end;
  }
  EXPECT_EQ(next[0] + next[1], static_cast<std::int32_t>(log.size()));
  for (std::size_t lane = 0; lane < 2; ++lane)
    EXPECT_EQ(static_cast<std::size_t>(next[lane]), ready.program.lanes[lane].steps().size());
  EXPECT_GE(log.back().end, 1000);  // of compute
  EXPECT_EQ(ready.result(0), 2.0F);
}

TEST(Executor, RunsLanesConcurrentlyAndInOrder) {
  Ready ready(two_lanes());
  ready.run();
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(ready.result(i), 2.0F * static_cast<float>(i + 1));
    EXPECT_EQ(ready.result(8 + i), 3.0F * static_cast<float>(i + 1));
  }
  EXPECT_GE(ready.transport.now(), 1000);
}

TEST(Executor, RunsTheSameProgramAgain) {
  Ready ready(two_lanes());
  ready.run();
  std::memset(ready.out.get(), 0, 64);
  const Nanoseconds first = ready.transport.now();
  ready.run();
  EXPECT_EQ(ready.result(15), 24.0F);
  EXPECT_GE(ready.transport.now() - first, 1000);
}

TEST(Executor, RunsARoutineAtEachCall) {
  Ready ready(two_lanes_that_call());
  ready.run();
  ready.run();
  EXPECT_EQ(ready.result(0), 2.0F);
  EXPECT_EQ(ready.result(15), 24.0F);
}

TEST(Executor, TellsOfACallAfterTheStepsOfItsRoutine) {
  Ready ready(two_lanes_that_call());
  std::vector<StepTime> all;
  ready.run_traced(TraceDepth::steps, all);
  EXPECT_EQ(all.size(), ready.program.executed_steps());
  std::vector<StepTime> calls;
  ready.run_traced(TraceDepth::calls, calls);
  EXPECT_EQ(calls.size(), ready.program.lanes[0].steps().size() + ready.program.lanes[1].steps().size());
  Nanoseconds first = 0;
  for (const StepTime& step : all) {
    const bool of_routine = step.lane == 0 && step.routine == 1;
    if (of_routine && first == 0) first = step.start;
    if (step.lane != 0 || step.routine >= 0 || step_of(ready.program, step).action != Action::call) continue;
    if (step.step == 2) {
      EXPECT_EQ(step.start, first);
    }
    EXPECT_GE(step.end, step.start);
  }
}

TEST(Executor, AnAccountTellsWhatKeptTheFirstLaneWaiting) {
  Program program;
  program.events = 1;
  Lane work("work");
  work.compute(100);
  work.await(0);
  work.compute(50);
  Lane other("other");
  other.compute(400);
  other.signal(0);
  program.lanes = {work, other};
  Ready ready(program);
  Accountant accountant(ready.program);
  ready.executor.run_traced(
      {}, TraceDepth::calls, [&] { return ready.transport.now(); },
      [&](const StepTime& time) { accountant.add(time); });
  const RankAccount account = accountant.take();
  ASSERT_EQ(account.lanes.size(), 2U);
  EXPECT_EQ(account.lanes[0].computed, 150);
  EXPECT_EQ(account.lanes[0].kept_waiting, 0);
  EXPECT_EQ(account.lanes[1].kept_waiting, 300);
  EXPECT_EQ(account.lanes[1].computed, 400);
  EXPECT_EQ(account.end - account.start, 450);
}

TEST(Executor, AStepMayReduceAnotherTypeThanThePrograms) {
  Program program;
  program.dtype = Datatype::u8;
  program.in_bytes = program.out_bytes = 32;
  Lane lane("work");
  lane.copy({Space::out, 0, 32}, {Space::in, 0, 32});
  lane.reduce({Space::out, 0, 32}, {Space::in, 0, 32}, Datatype::f32);
  program.lanes = {lane};
  Ready ready(program);
  ready.run();
  EXPECT_EQ(ready.result(2), 6.0F);
}

/// What two_lanes() does, but real work keeps the first lane's processor busy for 2 ms, while the second one moves
/// data.
Program work_beside_traffic() {
  Program program;
  program.dtype = Datatype::f32;
  program.in_bytes = 32;
  program.out_bytes = 32;
  program.events = 2;
  Lane work("work");
  work.compute(1'000'000);
  work.signal(0);
  work.await(1);
  work.compute(1'000'000);
  Lane traffic("traffic");
  traffic.await(0);
  traffic.send(0, {Space::in, 0, 32});
  traffic.recv(0, {Space::out, 0, 32});
  traffic.wait();
  traffic.signal(1);
  program.lanes = {work, traffic};
  return program;
}

class RealCompute : public testing::TestWithParam<ComputeOptions> {};

TEST_P(RealCompute, TakesItsTimeBesideTheTraffic) {
  Ready ready(work_beside_traffic(), GetParam());
  for (int i = 0; i < 3; ++i) {
    std::memset(ready.out.get(), 0, 32);
    const Nanoseconds start = monotonic_now();
    ready.run();
    // Memory's work is an amount, which a quicker core than at its calibration does sooner.
    EXPECT_GE(monotonic_now() - start, GetParam().kind == ComputeKind::spin ? 2'000'000 : 100'000);
    EXPECT_EQ(ready.result(7), 8.0F);
  }
  std::size_t steps = 0;
  ready.executor.run_traced({ready.in.get(), ready.out.get(), ready.scratch.get()}, TraceDepth::steps, monotonic_now,
                            [&](const StepTime&) { ++steps; });
  EXPECT_EQ(steps, ready.program.executed_steps());
}

INSTANTIATE_TEST_SUITE_P(All, RealCompute,
                         testing::Values(ComputeOptions{ComputeKind::spin, ProgressMode::inline_, 1 << 20},
                                         ComputeOptions{ComputeKind::spin, ProgressMode::thread, 1 << 20},
                                         ComputeOptions{ComputeKind::memory, ProgressMode::inline_, 1 << 20},
                                         ComputeOptions{ComputeKind::memory, ProgressMode::thread, 1 << 20}),
                         [](const auto& test) {
                           return std::string(name_of(test.param.kind)) + "_" + name_of(test.param.progress);
                         });

/// The lane that computes awaits a message that never comes.
TEST(Executor, EndsItsComputeThreadWhereARankIsLost) {
  Program program;
  program.in_bytes = program.out_bytes = 32;
  program.events = 1;
  Lane work("work");
  work.compute(1000);
  work.await(0);
  Lane traffic("traffic");
  traffic.recv(0, {Space::out, 0, 32});
  traffic.wait();
  traffic.signal(0);
  program.lanes = {work, traffic};
  for (const bool traced : {false, true}) {
    Ready ready(program, {.kind = ComputeKind::spin, .progress = ProgressMode::thread});
    ready.world.lost = true;
    const auto run_traced = [&] {
      ready.executor.run_traced({ready.in.get(), ready.out.get(), ready.scratch.get()}, TraceDepth::steps,
                                monotonic_now, [](const StepTime&) {});
    };
    EXPECT_THROW(traced ? run_traced() : ready.run(), std::runtime_error);
  }
}

TEST(Executor, LooksAfterTheTrafficWhileItComputes) {
  Program program;
  program.in_bytes = program.out_bytes = 32;
  Lane work("work");
  work.compute(2'000'000);
  Lane traffic("traffic");
  traffic.send(0, {Space::in, 0, 32});
  traffic.recv(0, {Space::out, 0, 32});
  traffic.wait();
  program.lanes = {work, traffic};
  Ready ready(program, {.kind = ComputeKind::spin});
  std::vector<StepTime> log;
  ready.run_traced(TraceDepth::steps, log);
  ASSERT_EQ(log.back().lane, 0);  // the traffic was over long before
  EXPECT_GT(ready.transport.progressed, 20);
}

TEST(Executor, AllocatesNothing) {
  Ready ready(two_lanes());
  const std::size_t before = allocations();
  for (int i = 0; i < 10; ++i) ready.run();
  EXPECT_EQ(allocations(), before);
  EXPECT_GT(before, 0U);
}

TEST(Executor, RelaxesNoFurtherThanTheEndOfCompute) {
  Program program;
  Lane lane("work");
  lane.compute(150);
  program.lanes = {lane};
  Ready ready(program);
  ready.run();
  EXPECT_EQ(ready.transport.now(), 150);
  EXPECT_EQ(ready.transport.relaxed, 2);
}

TEST(Executor, AsksTheWorldWhileItWaits) {
  Program program;
  Lane lane("work");
  lane.compute(10'000'000);
  program.lanes = {lane};
  Ready ready(program);
  ready.run();
  EXPECT_GT(ready.world.checks, 10);
}

}  // namespace
}  // namespace weft
