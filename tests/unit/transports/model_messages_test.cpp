#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/unit/transports/model_fixture.hpp"

namespace weft {
namespace {

using namespace model_test;
using testing::AllOf;
using testing::HasSubstr;

TEST(ModelMessages, RefusesOtherWorldsAndNonsense) {
  struct Elsewhere final : World {
    std::string_view name() const override { return "threads"; }
    int rank() const override { return 0; }
    int ranks() const override { return 1; }
    std::vector<std::string> allgather(std::string_view) override { return {}; }
    void abort(std::string_view) noexcept override {}
    void check() override {}
    void set_deadline(Nanoseconds, const char*) override {}
  };
  const Transport& model = transports::registry().find("model");
  EXPECT_EQ(model.needs_world, "fibers");
  EXPECT_THAT(model.refuses(Elsewhere(), {}), AllOf(HasSubstr("fibers"), HasSubstr("threads")));
  launch(1, [&](World& world) {
    EXPECT_EQ(model.refuses(world, {}), "");
    TransportOptions options;
    options.model.bandwidth = 0;
    EXPECT_THAT(model.refuses(world, options), HasSubstr("bandwidth"));
    options = {};
    options.model.latency = -1;
    EXPECT_THAT(model.refuses(world, options), HasSubstr("latency"));
    options = {};
    options.model.jitter = std::numeric_limits<double>::quiet_NaN();
    EXPECT_THAT(model.refuses(world, options), HasSubstr("jitter"));
    options = {};
    options.model.late_rank = 1;
    EXPECT_EQ(model.refuses(world, options), "");
    options.model.late_by = 1;
    EXPECT_THAT(model.refuses(world, options), HasSubstr("late rank 1 is none of the 1 ranks"));
    return 0;
  });
}

TEST(ModelMessages, MatchesInOrderWithinAChannelAndCarriesTheBytes) {
  run(2, {}, [](Communicator& communicator, World& world) {
    const Memory memory = communicator.allocate(64);
    int* const values = reinterpret_cast<int*>(memory.get());
    Pending pending;
    if (communicator.rank() == 0) {
      for (int i = 0; i < 6; ++i) {
        values[0] = i;
        communicator.post_send(1, i % 2, memory.get(), sizeof(int), pending);
        finish(communicator, pending);  // from here on the buffer is ours again
      }
      values[0] = -1;
      world.barrier();
      return;
    }
    const auto at = [&](std::size_t i) { return memory.get() + i * sizeof(int); };
    communicator.post_recv(0, 1, at(1), sizeof(int), pending);
    world.barrier();  // the other five find their bytes stashed
    communicator.post_recv(0, 1, at(3), sizeof(int), pending);
    communicator.post_recv(0, 1, at(5), sizeof(int), pending);
    for (const std::size_t i : {0U, 2U, 4U}) communicator.post_recv(0, 0, at(i), sizeof(int), pending);
    finish(communicator, pending);
    for (int i = 0; i < 6; ++i) EXPECT_EQ(values[i], i);
  });
}

void add_ints(void* into, const void* a, const void* b, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    static_cast<int*>(into)[i] = static_cast<const int*>(a)[i] + static_cast<const int*>(b)[i];
}

TEST(ModelMessages, ReducesWhatArrives) {
  run(2, {}, [](Communicator& communicator, World&) {
    const Memory memory = communicator.allocate(4096);
    int* const values = reinterpret_cast<int*>(memory.get());
    for (int i = 0; i < 4; ++i) values[i] = (communicator.rank() + 1) * (i + 1);
    Pending pending;
    if (communicator.rank() == 0) {
      communicator.post_send(1, 0, memory.get(), 4 * sizeof(int), pending);
    } else {
      const Reduction add{.kernel = add_ints, .streaming_kernel = add_ints, .element = sizeof(int)};
      communicator.post_recv_reduce(0, 0, memory.get() + 64, memory.get(), 4 * sizeof(int), add, pending);
    }
    finish(communicator, pending);
    for (int i = 0; i < 4; ++i) {
      EXPECT_EQ(values[i], (communicator.rank() + 1) * (i + 1));
      if (communicator.rank() == 1) {
        EXPECT_EQ(values[16 + i], 3 * (i + 1));
      }
    }
  });
}

TEST(ModelMessages, PayloadThatIsSparedTakesAsMuchVirtualTime) {
  run(2, {}, [](Communicator& communicator, World& world) {
    constexpr std::size_t kCount = 1000;
    const Memory memory = communicator.allocate(kCount * sizeof(int));
    int* const values = reinterpret_cast<int*>(memory.get());
    std::vector<Nanoseconds> times;
    for (const bool carry : {true, false, true}) {
      std::fill_n(values, kCount, communicator.rank());
      communicator.carry_data(carry);
      EXPECT_EQ(communicator.carries_data(), carry);
      world.barrier();
      const Nanoseconds began = communicator.now();
      Pending pending;
      if (communicator.rank() == 0)
        communicator.post_recv(1, 0, memory.get(), kCount * sizeof(int), pending);
      else
        communicator.post_send(0, 0, memory.get(), kCount * sizeof(int), pending);
      finish(communicator, pending);
      times.push_back(communicator.now() - began);
      EXPECT_EQ(values[kCount - 1], carry ? 1 : communicator.rank());
    }
    EXPECT_EQ(times[0], times[1]);
    EXPECT_EQ(times[0], times[2]);
  });
  run(2, without_data(), [](Communicator& communicator, World&) {
    communicator.carry_data(true);
    EXPECT_FALSE(communicator.carries_data());
  });
}

TEST(ModelMessages, MemoryThatCarriesNothingCostsNothing) {
  run(64, without_data(), [](Communicator& communicator, World& world) {
    const Memory memory = communicator.allocate(Bytes{16} << 30);  // a tebibyte in all
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory.get()) % 4096, 0U);
    world.barrier();
  });
}

TEST(ModelMessages, LengthsThatDifferAreAnError) {
  testing::internal::CaptureStderr();
  const int code = run(2, without_data(), [](Communicator& communicator, World&) {
    if (communicator.rank() == 0)
      send(communicator, 1, 64);
    else
      receive(communicator, 0, 32);
  });
  EXPECT_EQ(code, static_cast<int>(ExitCode::failed));
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("rank 0 sends 64 bytes to rank 1, which receives 32"));
}

TEST(ModelMessages, DeadlockSaysWhoWaitsForWhat) {
  testing::internal::CaptureStderr();
  const int code = run(2, without_data(), [](Communicator& communicator, World&) {
    receive(communicator, 1 - communicator.rank(), 64, 3);
    send(communicator, 1 - communicator.rank(), 64, 3);
  });
  EXPECT_EQ(code, static_cast<int>(ExitCode::failed));
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              AllOf(HasSubstr("deadlock"), HasSubstr("rank 0 waits for 64 bytes from rank 1 on channel 3"),
                    HasSubstr("rank 1 waits for 64 bytes from rank 0 on channel 3")));
}

TEST(ModelMessages, FabricMayEndWithMessagesUnderWay) {
  EXPECT_EQ(run(2, {},
                [](Communicator& communicator, World& world) {
                  const Memory memory = communicator.allocate(64);
                  Pending pending;
                  if (communicator.rank() == 0) communicator.post_send(1, 0, memory.get(), 64, pending);
                  finish(communicator, pending);
                  world.barrier();
                }),
            0);
}

}  // namespace
}  // namespace weft
