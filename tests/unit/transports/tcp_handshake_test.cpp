#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/unit/transports/forwarding_world.hpp"
#include "tests/unit/transports/tcp_fixture.hpp"
#include "transports/tcp/handshake.hpp"
#include "transports/tcp/mesh.hpp"

namespace weft::tcp {
namespace {

constexpr Nanoseconds kLimit = 20'000'000'000;
const Address kLoopback = *parse_address("127.0.0.1");

Descriptor connected_to(const Address& address) {
  Descriptor socket(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(connect(socket.get(), address.get(), address.length), 0);
  return socket;
}

void say(const Descriptor& socket, const void* text, std::size_t bytes) {
  EXPECT_EQ(::send(socket.get(), text, bytes, MSG_NOSIGNAL), static_cast<ssize_t>(bytes));
}

/// Whether the other side has ended the connection.
bool dropped(const Descriptor& socket) {
  char byte = 0;
  return recv(socket.get(), &byte, 1, 0) <= 0;
}

TEST(TcpHandshake, TokensDifferAndCanBeWritten) {
  const Token token = random_token();
  EXPECT_NE(token, random_token());
  EXPECT_EQ(text_of(token).size(), 32U);
  EXPECT_EQ(token_of(text_of(token)), token);
}

TEST(TcpHandshake, ARankGetsThroughACrowdOfStrangers) {
  Door door(kLoopback);
  std::vector<Descriptor> silent;
  for (std::size_t i = 0; i < 3 * Door::kMostHalfOpen; ++i) silent.push_back(connected_to(door.address()));
  Hello hello;
  hello.rank = 7;
  hello.token = random_token();
  const Token answer = random_token();
  Caller caller(door.address(), hello, answer);
  std::vector<Descriptor> accepted;
  for (int turn = 0; turn < 1000 && !caller.advance(); ++turn)
    door.admit([&](const Hello& said, Descriptor socket) {
      EXPECT_EQ(said.rank, 7U);
      EXPECT_EQ(said.token, hello.token);
      say(socket, answer.data(), answer.size());
      accepted.push_back(std::move(socket));
    });
  EXPECT_EQ(accepted.size(), 1U);
  EXPECT_TRUE(caller.take());
  EXPECT_LE(door.half_open(), Door::kMostHalfOpen);
  EXPECT_TRUE(dropped(silent.front()));
}

TEST(TcpHandshake, GarbageIsDroppedAtOnceAndSilenceInTime) {
  Door door(kLoopback);
  const Descriptor garbage = connected_to(door.address());
  say(garbage, "GET / HTTP/1.1\r\n", 16);
  const Descriptor half = connected_to(door.address());
  say(half, "weft", 4);
  const auto nobody = [](const Hello&, Descriptor) { ADD_FAILURE() << "a stranger was accepted"; };
  for (int turn = 0; turn < 100 && door.half_open() != 1; ++turn) door.admit(nobody);
  EXPECT_TRUE(dropped(garbage));
  const Nanoseconds began = monotonic_now();
  while (door.half_open() > 0 && monotonic_now() < began + 2 * Door::kPatience) door.admit(nobody);
  EXPECT_TRUE(dropped(half));
}

TEST(TcpHandshake, AWrongAnswerIsNoConnection) {
  Door door(kLoopback);
  Caller caller(door.address(), Hello{}, random_token());
  for (int turn = 0; turn < 1000 && caller.last_error() == 0; ++turn) {
    EXPECT_FALSE(caller.advance());
    door.admit([&](const Hello&, Descriptor socket) { say(socket, random_token().data(), sizeof(Token)); });
  }
  EXPECT_EQ(caller.last_error(), EPROTO);
}

// A rank that has had other things to do finds the answer late; it was given in time.
TEST(TcpHandshake, AnAnswerThatIsThereCounts) {
  Door door(kLoopback);
  const Token answer = random_token();
  Caller caller(door.address(), Hello{}, answer);
  Descriptor accepted;
  while (!accepted) {
    EXPECT_FALSE(caller.advance());
    door.admit([&](const Hello&, Descriptor socket) { accepted = std::move(socket); });
  }
  say(accepted, answer.data(), answer.size());
  std::this_thread::sleep_for(std::chrono::nanoseconds(Door::kPatience + Door::kPatience / 10));
  EXPECT_TRUE(caller.advance());
  EXPECT_EQ(caller.last_error(), 0);
}

/// Says of the last rank that it listens where nobody does.
class Misled final : public ForwardingWorld {
 public:
  using ForwardingWorld::ForwardingWorld;
  std::vector<std::string> allgather(std::string_view mine) override {
    std::vector<std::string> all = ForwardingWorld::allgather(mine);
    if (++calls_ == 2 && rank() == 0) all.back() = "127.0.0.1 1 " + text_of(random_token());
    return all;
  }

 private:
  int calls_ = 0;
};

TEST(TcpHandshake, WhoIsNotReachedInTimeIsNamedOnAllRanks) {
  on_thread_ranks(2, [](World& world) {
    Misled misled(world);
    const Nanoseconds began = monotonic_now();
    try {
      connect_all(misled, {}, kLimit / 100);
      ADD_FAILURE() << "nobody listens there";
    } catch (const TransportError& error) {
      EXPECT_NE(std::string(error.what()).find("tcp: no connection to rank 1"), std::string::npos) << error.what();
    }
    EXPECT_LT(monotonic_now() - began, kLimit / 2);
  });
}

/// Lets `read` see what the ranks tell each other: it is a stranger who knows where they listen.
class Overheard final : public ForwardingWorld {
 public:
  Overheard(World& world, std::function<void(const std::string&)> read)
      : ForwardingWorld(world), read_(std::move(read)) {}
  std::vector<std::string> allgather(std::string_view mine) override {
    std::vector<std::string> all = ForwardingWorld::allgather(mine);
    if (++calls_ == 2) read_(all.back());  // hosts, then where each listens
    return all;
  }

 private:
  std::function<void(const std::string&)> read_;
  int calls_ = 0;
};

TEST(TcpHandshake, StrangersWithTheWrongTokenTakeNoRanksPlace) {
  on_thread_ranks(3, [](World& world) {
    std::vector<Descriptor> strangers;
    Overheard overheard(world, [&](const std::string& entrance) {
      if (world.rank() != 0) return;
      Address last_rank = kLoopback;
      last_rank.set_port(static_cast<std::uint16_t>(std::stoi(entrance.substr(entrance.find(' ') + 1))));
      for (std::uint32_t i = 0; i < 200; ++i) {
        strangers.push_back(connected_to(last_rank));
        Hello hello;
        hello.rank = i % 3;
        hello.token = random_token();
        say(strangers.back(), &hello, i % 2 == 0 ? sizeof hello : 5);
      }
    });
    const Mesh mesh = connect_all(overheard, {.streams = 2, .interface = {}}, kLimit);
    for (int peer = 0; peer < 3; ++peer)
      EXPECT_EQ(mesh.sockets[static_cast<std::size_t>(peer)].size(), peer == world.rank() ? 0U : 2U);
    // What one rank says over a connection its peer hears, and nobody else.
    for (const auto& streams : mesh.sockets)
      for (const Descriptor& socket : streams) say(socket, &"abc"[world.rank()], 1);
    for (std::size_t peer = 0; peer < 3; ++peer)
      for (const Descriptor& socket : mesh.sockets[peer]) {
        char heard = 0;
        while (recv(socket.get(), &heard, 1, 0) < 0) std::this_thread::yield();
        EXPECT_EQ(heard, "abc"[peer]);
      }
    world.barrier();
  });
}

TEST(TcpOptions, ThatThisHostCannotServeAreASentence) {
  EXPECT_EQ(flaw_of(TcpOptions{}), "");
  EXPECT_EQ(flaw_of({.streams = kMostTcpStreams, .interface = "127.0.0.1"}), "");
  EXPECT_EQ(flaw_of({.streams = 1, .interface = "lo"}), "");
  EXPECT_NE(flaw_of({.streams = 0, .interface = {}}).find("from 1 to 64"), std::string::npos);
  EXPECT_NE(flaw_of({.streams = 65, .interface = {}}).find("not 65"), std::string::npos);
  EXPECT_NE(flaw_of({.streams = 1, .interface = "weft9"}).find("--tcp-interface weft9: host "), std::string::npos);
  EXPECT_NE(flaw_of({.streams = 1, .interface = "192.0.2.1"}).find("(it has: lo 127.0.0.1"), std::string::npos);
}

}  // namespace
}  // namespace weft::tcp
