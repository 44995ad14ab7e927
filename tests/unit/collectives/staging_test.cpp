#include "collectives/staging.hpp"

#include <cstdint>
#include <cstring>

#include <gtest/gtest.h>

#include "tests/unit/collectives/loopback.hpp"
#include "tests/unit/measure/forwarding_communicator.hpp"

namespace weft {
namespace {

constexpr std::uintptr_t kFar = std::uintptr_t{1} << 63;

// NOLINTBEGIN(performance-no-int-to-ptr): addresses are what is tested
/// Memory whose addresses the host cannot use: it would fault.
std::byte* far_away(std::byte* data) {
  return reinterpret_cast<std::byte*>(reinterpret_cast<std::uintptr_t>(data) | kFar);
}
std::byte* near_by(const std::byte* data) {
  return reinterpret_cast<std::byte*>(reinterpret_cast<std::uintptr_t>(data) & ~kFar);
}
// NOLINTEND(performance-no-int-to-ptr)

class FarCommunicator final : public ForwardingCommunicator {
 public:
  using ForwardingCommunicator::ForwardingCommunicator;
  bool host_memory() const override { return false; }
  void copy(std::byte* into, const std::byte* from, Bytes bytes) override {
    std::memmove(near_by(into), near_by(from), bytes);
  }
  void reduce(std::byte* into, const std::byte* with, Bytes bytes, std::size_t blocks,
              const Reduction& reduction) override {
    Communicator::reduce(near_by(into), near_by(with), bytes, blocks, reduction);
    last = reduction;
  }

  Reduction last;
};

struct Far {
  Loopback loopback;
  FarCommunicator communicator{loopback};
  std::byte in[8] = {};
  std::byte out[4] = {};
  Buffers buffers{.in = far_away(in), .out = far_away(out), .scratch = nullptr};
};

TEST(Staging, WritesWhatTheHostDoesNotReach) {
  Far far;
  Staging(far.communicator, 8, 4).write(far.buffers, [](const Buffers& host) {
    std::memset(host.in, 7, 8);
    std::memset(host.out, 9, 4);
  });
  EXPECT_EQ(far.in[7], std::byte{7});
  EXPECT_EQ(far.out[3], std::byte{9});
}

TEST(Staging, ShowsWhatTheHostDoesNotReach) {
  Far far;
  far.in[7] = std::byte{5};
  far.out[3] = std::byte{6};
  Staging(far.communicator, 8, 4).show(far.buffers, [](const Buffers& host) {
    EXPECT_EQ(host.in[7], std::byte{5});
    EXPECT_EQ(host.out[3], std::byte{6});
  });
}

TEST(Staging, GivesTheBuffersThemselvesWhereTheHostReachesThem) {
  Loopback loopback;
  std::byte in[8];
  std::byte out[4];
  const Buffers buffers{.in = in, .out = out, .scratch = nullptr};
  Staging staging(loopback, 8, 4);
  staging.write(buffers, [&](const Buffers& host) { EXPECT_EQ(host.in, buffers.in); });
  staging.show(buffers, [&](const Buffers& host) { EXPECT_EQ(host.out, buffers.out); });
}

TEST(Executor, CopiesAndReducesInMemoryThatTheHostDoesNotReach) {
  Far far;
  Program program;
  program.op = ReduceOp::max;
  program.in_bytes = 8;
  program.out_bytes = 4;
  Lane lane("work");
  lane.copy({Space::out, 0, 4}, {Space::in, 0, 4});
  lane.reduce({Space::out, 0, 4}, {Space::in, 4, 4});
  program.lanes.push_back(std::move(lane));
  const std::uint8_t input[] = {1, 2, 3, 4, 4, 3, 2, 1};
  std::memcpy(far.in, input, sizeof input);
  AloneWorld world;
  Executor(program, far.communicator, world).run(far.buffers);
  const std::uint8_t expected[] = {4, 3, 3, 4};
  EXPECT_EQ(std::memcmp(far.out, expected, sizeof expected), 0);
  EXPECT_EQ(far.communicator.last.dtype, Datatype::u8);
  EXPECT_EQ(far.communicator.last.op, ReduceOp::max);
}

}  // namespace
}  // namespace weft
