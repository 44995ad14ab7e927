#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/unit/transports/tcp_fixture.hpp"
#include "transports/tcp/wire.hpp"

namespace weft::tcp {
namespace {

class TcpMessages : public testing::TestWithParam<int> {};  // streams

TEST_P(TcpMessages, ChannelsDoNotBlockEachOther) {
  for (const Bytes bytes : {Bytes{8}, Bytes{3000}, kHead, kWhole, kWhole + 1, Bytes{5 << 20}}) {
    on_tcp(2, GetParam(), [&](Communicator& tcp, World&) {
      const Memory memory = tcp.allocate(3 * bytes);
      Pending pending[3];
      const auto part = [&](int channel) { return memory.get() + static_cast<Bytes>(channel) * bytes; };
      for (int channel = 0; channel < 3 && tcp.rank() == 0; ++channel) {
        fill(part(channel), bytes, static_cast<Bytes>(channel) * 50);
        tcp.post_send(1, channel, part(channel), bytes, pending[channel]);
      }
      for (int channel = 2; channel >= 0 && tcp.rank() == 1; --channel) {  // the last one first
        tcp.post_recv(0, channel, part(channel), bytes, pending[channel]);
        wait_for(tcp, pending[channel]);
        EXPECT_TRUE(holds(part(channel), bytes, static_cast<Bytes>(channel) * 50)) << bytes;
      }
      for (const Pending& each : pending) wait_for(tcp, each);
    });
  }
}

TEST_P(TcpMessages, MatchInOrderWhoeverIsFirst) {
  constexpr Bytes kMessages = 300;
  for (const bool late : {false, true})
    on_tcp(2, GetParam(), [&](Communicator& tcp, World& world) {
      // One in seven has a body, so that what is short passes it on the way.
      const auto size = [](Bytes i) { return i % 7 == 6 ? kWhole + 1000 * i : 13 * i; };
      constexpr Bytes kStride = kWhole + 1000 * kMessages;
      const Memory memory = tcp.allocate(2 * kMessages * kStride);
      Pending pending;
      const auto send_all = [&] {
        for (Bytes i = 0; i < kMessages; ++i) {
          std::byte* const data = memory.get() + (kMessages + i) * kStride;
          fill(data, size(i), i);
          tcp.post_send(1 - tcp.rank(), 3, data, size(i), pending);
        }
      };
      const auto receive_all = [&] {
        for (Bytes i = 0; i < kMessages; ++i)
          tcp.post_recv(1 - tcp.rank(), 3, memory.get() + i * kStride, size(i), pending);
      };
      if (late) send_all();
      world.barrier();
      receive_all();
      if (!late) send_all();
      wait_for(tcp, pending);
      for (Bytes i = 0; i < kMessages; ++i) ASSERT_TRUE(holds(memory.get() + i * kStride, size(i), i)) << i;
    });
}

TEST_P(TcpMessages, ReduceOnTheWay) {
  for (const Bytes bytes : {Bytes{8}, Bytes{3000}, Bytes{100'000}, Bytes{3 << 20}}) {
    on_tcp(2, GetParam(), [&](Communicator& tcp, World&) {
      const Memory memory = tcp.allocate(3 * bytes + 8);
      auto* const mine = reinterpret_cast<std::uint32_t*>(memory.get());
      auto* const sum = mine + bytes / 4;
      for (std::uint32_t i = 0; i < bytes / 4; ++i) mine[i] = i + static_cast<std::uint32_t>(tcp.rank());
      const Reduction add = {.kernel = reduce_kernel(Datatype::i32, ReduceOp::sum),
                             .streaming_kernel = reduce_kernel(Datatype::i32, ReduceOp::sum, Stores::streaming),
                             .element = 4};
      std::byte odd{1};  // so that no element lies at a multiple of its size in what arrives
      Pending pending;
      tcp.post_recv(1 - tcp.rank(), 0, memory.get() + 3 * bytes, 1, pending);
      tcp.post_recv_reduce(1 - tcp.rank(), 0, reinterpret_cast<std::byte*>(sum), memory.get(), bytes, add, pending);
      tcp.post_send(1 - tcp.rank(), 0, &odd, 1, pending);
      tcp.post_send(1 - tcp.rank(), 0, memory.get(), bytes, pending);
      wait_for(tcp, pending);
      for (std::uint32_t i = 0; i < bytes / 4; ++i) ASSERT_EQ(sum[i], 2 * i + 1) << i;
    });
  }
}

TEST_P(TcpMessages, ABodyWaitsForItsReceive) {
  on_tcp(2, GetParam(), [](Communicator& tcp, World& world) {
    constexpr Bytes kBytes = 1 << 20;
    const Memory memory = tcp.allocate(kBytes);
    Pending pending;
    if (tcp.rank() == 0) {
      fill(memory.get(), kBytes, 5);
      tcp.post_send(1, 0, memory.get(), kBytes, pending);
      for (int i = 0; i < 1000; ++i) tcp.progress();
      EXPECT_EQ(pending.count, 1);
    }
    world.barrier();
    if (tcp.rank() == 1) tcp.post_recv(0, 0, memory.get(), kBytes, pending);
    wait_for(tcp, pending);
    EXPECT_TRUE(holds(memory.get(), kBytes, 5));
  });
}

// More connections than are read without asking: epoll says which.
TEST(TcpMessage, OfManyPeersAtATime) {
  constexpr int kRanks = 6;
  constexpr int kRounds = 20;
  on_tcp(kRanks, 4, [](Communicator& tcp, World&) {
    for (const Bytes bytes : {Bytes{8}, Bytes{300'000}}) {
      const Memory memory = tcp.allocate(Bytes{2} * kRanks * bytes);
      const auto in = [&](int peer) { return memory.get() + static_cast<Bytes>(peer) * bytes; };
      const auto out = [&](int peer) { return in(kRanks + peer); };
      for (int round = 0; round < kRounds; ++round) {
        const auto seed = [&](int from, int to) {
          return 7 * static_cast<Bytes>(from) + 31 * static_cast<Bytes>(to) + static_cast<Bytes>(round);
        };
        Pending pending;
        for (int peer = 0; peer < kRanks; ++peer) tcp.post_recv(peer, 0, in(peer), bytes, pending);
        for (int peer = 0; peer < kRanks; ++peer) {
          fill(out(peer), bytes, seed(tcp.rank(), peer));
          tcp.post_send(peer, 0, out(peer), bytes, pending);
        }
        wait_for(tcp, pending);
        for (int peer = 0; peer < kRanks; ++peer) ASSERT_TRUE(holds(in(peer), bytes, seed(peer, tcp.rank())));
      }
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Streams, TcpMessages, testing::Values(1, 3));

// Nothing of it is put aside, as nothing is awaited: TCP itself says when to wait.
TEST(TcpBackPressure, StopsARankThatRunsAhead) {
  on_tcp(2, 1, [](Communicator& tcp, World& world) {
    constexpr Bytes kBytes = 32 << 10;
    constexpr int kMessages = 2000;
    const Memory memory = tcp.allocate(kBytes);
    Pending pending;
    if (tcp.rank() == 0)
      for (int i = 0; i < kMessages; ++i) tcp.post_send(1, 0, memory.get(), kBytes, pending);
    for (int i = 0; i < 1000; ++i) tcp.progress();
    if (tcp.rank() == 0) {
      EXPECT_GT(pending.count, kMessages / 2);
    }
    world.barrier();
    for (int i = 0; i < kMessages && tcp.rank() == 1; ++i) {
      tcp.post_recv(0, 0, memory.get(), kBytes, pending);
      wait_for(tcp, pending);
    }
    wait_for(tcp, pending);
  });
}

TEST(TcpMessage, ToOneself) {
  for (const Bytes bytes : {Bytes{0}, Bytes{8}, Bytes{3 << 20}})
    for (const bool late : {false, true})
      on_tcp(1, 1, [&](Communicator& tcp, World&) {
        const Memory memory = tcp.allocate(2 * bytes);
        fill(memory.get(), bytes, 9);
        Pending pending;
        if (late) tcp.post_send(0, 0, memory.get(), bytes, pending);
        tcp.post_recv(0, 0, memory.get() + bytes, bytes, pending);
        if (!late) tcp.post_send(0, 0, memory.get(), bytes, pending);
        wait_for(tcp, pending);
        EXPECT_TRUE(holds(memory.get() + bytes, bytes, 9));
      });
}

TEST(TcpMessage, OfAnotherLengthAreAnError) {
  for (const Bytes sent : {Bytes{16}, Bytes{1 << 20}})
    on_tcp(2, 1, [&](Communicator& tcp, World& world) {
      const Memory memory = tcp.allocate(1 << 20);
      Pending pending;
      if (tcp.rank() == 0) tcp.post_send(1, 0, memory.get(), sent, pending);
      if (tcp.rank() == 1) {
        tcp.post_recv(0, 0, memory.get(), 8, pending);
        EXPECT_THROW(wait_for(tcp, pending), TransportError);
      }
      world.barrier();
    });
}

TEST(TcpMessage, FromALostPeerAreAnErrorThatNamesIt) {
  on_thread_ranks(2, [](World& world) {
    auto tcp = transports::registry().find("tcp").create(world, {});
    if (world.rank() == 1) return;
    const Memory memory = tcp->allocate(8);
    Pending pending;
    tcp->post_recv(1, 0, memory.get(), 8, pending);
    try {
      wait_for(*tcp, pending);
      ADD_FAILURE() << "the peer is gone";
    } catch (const RankLost& lost) {
      EXPECT_EQ(lost.rank, 1);
      EXPECT_NE(std::string(lost.what()).find("rank 1 on "), std::string::npos) << lost.what();
    }
  });
}

}  // namespace
}  // namespace weft::tcp
