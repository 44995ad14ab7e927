#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "core/descriptor.hpp"
#include "tests/unit/transports/tcp_fixture.hpp"
#include "transports/tcp/inlet.hpp"
#include "transports/tcp/outlet.hpp"

namespace weft::tcp {
namespace {

struct SocketPair {
  Descriptor sender;
  Descriptor receiver;

  SocketPair() {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    sender = Descriptor(ends[0]);
    receiver = Descriptor(ends[1]);
  }
};

void put(const SocketPair& pair, const std::byte* data, std::size_t bytes) {
  ASSERT_EQ(::send(pair.sender.get(), data, bytes, 0), static_cast<ssize_t>(bytes));
}

// A header and a payload of 12 bytes, twice, cut into parts of every length.
TEST(TcpFrames, AreReadHoweverTheyAreCut) {
  std::vector<std::byte> stream;
  const auto add = [&](const void* data, std::size_t bytes) {
    stream.insert(stream.end(), static_cast<const std::byte*>(data), static_cast<const std::byte*>(data) + bytes);
  };
  const std::int32_t payload[3] = {1, -2, 3};
  const Header header = {.frame = Frame::message, .channel = 9, .value = sizeof payload};
  for (int i = 0; i < 2; ++i) {
    add(&header, sizeof header);
    add(payload, sizeof payload);
  }
  for (const bool reduces : {false, true})
    for (std::size_t cut = 1; cut <= stream.size(); ++cut) {
      const SocketPair pair;
      Inlet inlet;
      Operation operation;
      std::int32_t into[3] = {10, 10, 10};
      Reduction reduction;
      if (reduces) reduction = {.kernel = reduce_kernel(Datatype::i32, ReduceOp::sum), .element = sizeof(std::int32_t)};
      int frames = 0;
      for (std::size_t at = 0; at < stream.size(); at += cut) {
        put(pair, stream.data() + at, std::min(cut, stream.size() - at));
        while (inlet.read(pair.receiver.get()) == Inlet::Got::something)
          for (Header seen; inlet.open() || inlet.next(seen);) {
            if (!inlet.open()) {
              EXPECT_EQ(seen.channel, 9);
              auto* const place = reinterpret_cast<std::byte*>(into);
              inlet.begin({place, place, reduction, seen.value, &operation});
            }
            if (!inlet.fill()) break;
            EXPECT_EQ(inlet.finish(), &operation);
            ++frames;
          }
      }
      EXPECT_EQ(frames, 2) << cut;
      EXPECT_EQ(into[1], reduces ? 10 - 2 - 2 : -2) << cut;
    }
}

TEST(TcpFrames, OneCallReadsAWholeHead) {
  const SocketPair pair;
  std::vector<std::byte> sent(sizeof(Header) + kHead);
  const Header header = {.frame = Frame::message, .value = kHead};
  std::memcpy(sent.data(), &header, sizeof header);
  fill(sent.data() + sizeof header, kHead, 5);
  put(pair, sent.data(), sent.size());
  Inlet inlet;
  Operation operation;
  Header seen;
  std::vector<std::byte> into(kHead);
  ASSERT_EQ(inlet.read(pair.receiver.get()), Inlet::Got::something);
  ASSERT_TRUE(inlet.next(seen));
  inlet.begin({into.data(), nullptr, {}, seen.value, &operation});
  EXPECT_TRUE(inlet.fill());
  EXPECT_TRUE(holds(into.data(), kHead, 5));
}

TEST(TcpFrames, WaitInTheOutletUntilTheKernelHasRoom) {
  const SocketPair pair;
  Outlet outlet;
  Operation owner;
  std::vector<std::byte> payload(4 << 20);
  fill(payload.data(), payload.size(), 3);
  EXPECT_TRUE(outlet.has_room(Outlet::kSmall));
  outlet.add({.frame = Frame::ready}, nullptr, 0);
  outlet.begin({.frame = Frame::piece, .value = 5}, payload.data(), payload.size(), &owner);
  EXPECT_FALSE(outlet.has_room(0));
  std::vector<std::byte> arrived;
  Bytes sent = 0;
  bool waited = false;
  while (!outlet.push(pair.sender.get())) {
    waited = true;
    EXPECT_EQ(outlet.take_owner(sent), nullptr);
    std::vector<std::byte> part(300'000);
    const ssize_t got = recv(pair.receiver.get(), part.data(), part.size(), 0);
    ASSERT_GT(got, 0);
    arrived.insert(arrived.end(), part.begin(), part.begin() + got);
  }
  EXPECT_TRUE(waited);
  EXPECT_EQ(outlet.take_owner(sent), &owner);
  EXPECT_EQ(sent, payload.size());
  EXPECT_TRUE(outlet.idle());
  std::vector<std::byte> rest(payload.size());
  for (ssize_t got = 0; (got = recv(pair.receiver.get(), rest.data(), rest.size(), 0)) > 0;)
    arrived.insert(arrived.end(), rest.begin(), rest.begin() + got);
  ASSERT_EQ(arrived.size(), 2 * sizeof(Header) + payload.size());
  EXPECT_TRUE(holds(arrived.data() + 2 * sizeof(Header), payload.size(), 3));
}

}  // namespace
}  // namespace weft::tcp
