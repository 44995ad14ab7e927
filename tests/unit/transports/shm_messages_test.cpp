#include <functional>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/unit/transports/thread_ranks.hpp"
#include "transports/registry.hpp"

namespace weft {
namespace {

/// Runs `body` on ranks that have a communicator; nobody leaves before all are done.
void on_shm(int ranks, const std::function<void(Communicator&)>& body) {
  on_thread_ranks(ranks, [&](World& world) {
    TransportOptions options;
    options.oversubscribed = true;
    const auto communicator = transports::registry().find("shm").create(world, options);
    body(*communicator);
    world.barrier();
  });
}

void wait(Communicator& communicator, const Pending& pending) {
  while (pending.count > 0) {
    communicator.progress();
    communicator.relax(0);
  }
}

void fill(std::byte* data, Bytes bytes, unsigned seed) {
  for (Bytes i = 0; i < bytes; ++i) data[i] = static_cast<std::byte>(seed + i);
}

bool holds(const std::byte* data, Bytes bytes, unsigned seed) {
  for (Bytes i = 0; i < bytes; ++i)
    if (data[i] != static_cast<std::byte>(seed + i)) return false;
  return true;
}

TEST(ShmMessages, ChannelsDoNotBlockEachOther) {
  for (const Bytes bytes : {Bytes{8}, Bytes{3000}, Bytes{100'000}}) {
    on_shm(2, [&](Communicator& shm) {
      const Memory memory = shm.allocate(3 * bytes);
      Pending pending[3];
      for (int channel = 0; channel < 3; ++channel) {
        std::byte* const part = memory.get() + static_cast<Bytes>(channel) * bytes;
        if (shm.rank() == 0) {
          fill(part, bytes, static_cast<unsigned>(channel) * 50);
          shm.post_send(1, channel, part, bytes, pending[channel]);
        }
      }
      for (int channel = 2; channel >= 0; --channel) {  // the last one first
        std::byte* const part = memory.get() + static_cast<Bytes>(channel) * bytes;
        if (shm.rank() == 1) {
          shm.post_recv(0, channel, part, bytes, pending[channel]);
          wait(shm, pending[channel]);
          EXPECT_TRUE(holds(part, bytes, static_cast<unsigned>(channel) * 50));
        }
      }
      for (const Pending& each : pending) wait(shm, each);
    });
  }
}

TEST(ShmMessages, ManyMoreThanTheRingHoldsMatchInOrder) {
  constexpr Bytes kMessages = 2000;
  for (const Bytes bytes : {Bytes{4}, Bytes{1000}, Bytes{5000}}) {
    on_shm(2, [&](Communicator& shm) {
      const Memory memory = shm.allocate(2 * kMessages * bytes);
      std::byte* const in = memory.get();
      std::byte* const out = in + kMessages * bytes;
      Pending pending;
      for (unsigned i = 0; i < kMessages; ++i) {
        fill(out + i * bytes, bytes, i);
        shm.post_send(1 - shm.rank(), 0, out + i * bytes, bytes, pending);
      }
      for (unsigned i = 0; i < kMessages; ++i) shm.post_recv(1 - shm.rank(), 0, in + i * bytes, bytes, pending);
      wait(shm, pending);
      for (unsigned i = 0; i < kMessages; ++i) ASSERT_TRUE(holds(in + i * bytes, bytes, i)) << i;
    });
  }
}

TEST(ShmMessages, ReduceOnTheWay) {
  for (const Bytes bytes : {Bytes{8}, Bytes{3000}, Bytes{100'000}, Bytes{3 << 20}}) {
    on_shm(2, [&](Communicator& shm) {
      const Memory memory = shm.allocate(3 * bytes);
      std::byte* const mine = memory.get();
      std::byte* const sum = mine + bytes;
      fill(mine, bytes, static_cast<unsigned>(shm.rank()) + 1);
      const Reduction add = {.kernel = reduce_kernel(Datatype::u8, ReduceOp::sum),
                             .streaming_kernel = reduce_kernel(Datatype::u8, ReduceOp::sum, Stores::streaming),
                             .element = 1};
      Pending pending;
      shm.post_recv_reduce(1 - shm.rank(), 0, sum, mine, bytes, add, pending);
      shm.post_send(1 - shm.rank(), 0, mine, bytes, pending);
      wait(shm, pending);
      for (Bytes i = 0; i < bytes; ++i) ASSERT_EQ(sum[i], static_cast<std::byte>(3 + 2 * i)) << i;
    });
  }
}

TEST(ShmMessages, ToOneself) {
  for (const Bytes bytes : {Bytes{8}, Bytes{3000}, Bytes{3 << 20}}) {
    on_shm(1, [&](Communicator& shm) {
      const Memory memory = shm.allocate(2 * bytes);
      fill(memory.get(), bytes, 9);
      Pending pending;
      shm.post_send(0, 0, memory.get(), bytes, pending);
      shm.post_recv(0, 0, memory.get() + bytes, bytes, pending);
      wait(shm, pending);
      EXPECT_TRUE(holds(memory.get() + bytes, bytes, 9));
    });
  }
}

TEST(ShmMessages, OfAnotherLengthAreAnError) {
  on_shm(1, [](Communicator& shm) {
    const Memory memory = shm.allocate(64);
    Pending pending;
    shm.post_send(0, 0, memory.get(), 16, pending);
    shm.post_recv(0, 0, memory.get() + 32, 8, pending);
    EXPECT_THROW(shm.progress(), TransportError);
  });
}

TEST(ShmMessages, MemoryMayOutliveTheCommunicator) {
  on_thread_ranks(2, [](World& world) {
    auto shm = transports::registry().find("shm").create(world, {});
    const Memory memory = shm->allocate(5000);
    world.barrier();
    shm.reset();
    fill(memory.get(), 5000, 1);
    EXPECT_TRUE(holds(memory.get(), 5000, 1));
  });
}

}  // namespace
}  // namespace weft
