#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/transports/model_fixture.hpp"

namespace weft {
namespace {

using namespace model_test;
using testing::HasSubstr;

constexpr Nanoseconds kNodeAlpha = 300;
constexpr Nanoseconds kNodeWire = 20;  ///< 4,000 B at 200 B/ns

/// Nodes of two ranks.
TransportOptions with_nodes() {
  TransportOptions options = without_data();
  options.model.ranks_per_node = 2;
  options.model.node_latency = kNodeAlpha;
  options.model.node_bandwidth = 200;
  return options;
}

TEST(ModelNodes, OneMessageTakesTheTimesOfItsLevel) {
  TransportOptions options = with_nodes();
  options.model.overhead = 30;
  run(4, options, [](Communicator& communicator, World& world) {
    switch (communicator.rank()) {
      case 0:
        EXPECT_EQ(send(communicator, 1), 30 + kNodeWire);
        break;
      case 1:
        EXPECT_EQ(receive(communicator, 0), 30 + kNodeAlpha + kNodeWire);
        break;
      default:
        break;
    }
    world.barrier();
    const Nanoseconds start = communicator.now();
    if (communicator.rank() == 1) {
      EXPECT_EQ(send(communicator, 2) - start, 30 + kWire);
    } else if (communicator.rank() == 2) {
      EXPECT_EQ(receive(communicator, 1) - start, 30 + kAlpha + kWire);
    }
  });
}

TEST(ModelNodes, TheTwoPortsOfARankDoNotSlowEachOther) {
  run(4, with_nodes(), [](Communicator& communicator, World&) {
    if (communicator.rank() == 0) {  // both ways on both ports
      Pending near;
      Pending far;
      communicator.post_send(2, 0, nullptr, kBytes, far);
      communicator.post_recv(2, 0, nullptr, kBytes, far);
      communicator.post_send(1, 0, nullptr, kBytes, near);
      communicator.post_recv(1, 0, nullptr, kBytes, near);
      finish(communicator, near);
      EXPECT_EQ(communicator.now(), kNodeAlpha + kNodeWire);
      finish(communicator, far);
      EXPECT_EQ(communicator.now(), kAlpha + kWire);
    } else if (communicator.rank() < 3) {
      send(communicator, 0);
      EXPECT_EQ(receive(communicator, 0), communicator.rank() == 1 ? kNodeAlpha + kNodeWire : kAlpha + kWire);
    }
  });
}

TEST(ModelNodes, ABusyPortDoesNotDelayTheOther) {
  constexpr Bytes kLong = 400'000;  // 8,000 ns between nodes
  run(4, with_nodes(), [](Communicator& communicator, World&) {
    switch (communicator.rank()) {
      case 0: {  // sends a long message out while it receives one
        Pending far;
        communicator.post_send(2, 0, nullptr, kLong, far);
        communicator.post_recv(2, 0, nullptr, kLong, far);
        sleep_until(communicator, 5'000);
        Pending near;
        communicator.post_send(1, 0, nullptr, kBytes, near);
        communicator.post_recv(1, 0, nullptr, kBytes, near);
        finish(communicator, near);
        EXPECT_EQ(communicator.now(), 5'000 + kNodeAlpha + kNodeWire);
        finish(communicator, far);
        EXPECT_EQ(communicator.now(), kAlpha + 8'000);
        break;
      }
      case 1:
        sleep_until(communicator, 5'000);
        send(communicator, 0);
        EXPECT_EQ(receive(communicator, 0), 5'000 + kNodeAlpha + kNodeWire);
        break;
      case 2:
        send(communicator, 0, kLong);
        EXPECT_EQ(receive(communicator, 0, kLong), kAlpha + 8'000);
        break;
      default:
        break;
    }
  });
}

TEST(ModelNodes, MessagesSerialiseOnThePortOfTheirLevel) {
  TransportOptions options = with_nodes();
  options.model.ranks_per_node = 3;  // {0 1 2} {3 4}: the last node has fewer
  run(5, options, [](Communicator& communicator, World&) {
    if (communicator.rank() > 0) {
      send(communicator, 0);
      return;
    }
    Pending near;
    Pending far;
    for (const int peer : {1, 2}) communicator.post_recv(peer, 0, nullptr, kBytes, near);
    for (const int peer : {3, 4}) communicator.post_recv(peer, 0, nullptr, kBytes, far);
    finish(communicator, near);
    EXPECT_EQ(communicator.now(), kNodeAlpha + 2 * kNodeWire);
    finish(communicator, far);
    EXPECT_EQ(communicator.now(), kAlpha + 2 * kWire);
  });
}

/// Two ranks of node 0 send to two of node 1, at once; when each message has come.
std::vector<Nanoseconds> two_through(double uplink) {
  TransportOptions options = with_nodes();
  options.model.node_uplink = uplink;
  std::vector<Nanoseconds> came(2);
  run(4, options, [&](Communicator& communicator, World&) {
    const int rank = communicator.rank();
    if (rank < 2)
      EXPECT_EQ(send(communicator, rank + 2), kWire) << "a send ends when its bytes have left the rank";
    else
      came[static_cast<std::size_t>(rank - 2)] = receive(communicator, rank - 2);
  });
  return came;
}

TEST(ModelNodes, RanksOfANodeShareItsUplink) {
  using Times = std::vector<Nanoseconds>;
  EXPECT_EQ(two_through(0), (Times{kAlpha + kWire, kAlpha + kWire})) << "no uplink";
  EXPECT_EQ(two_through(50), (Times{kAlpha + kWire, kAlpha + 2 * kWire})) << "as quick as a port";
  EXPECT_EQ(two_through(25), (Times{kAlpha + 2 * kWire, kAlpha + 4 * kWire}));
  EXPECT_EQ(two_through(100), (Times{kAlpha + kWire, kAlpha + kWire / 2 + kWire})) << "the second waits for half";
}

TEST(ModelNodes, TheUplinkServesInTheOrderInWhichMessagesComeToIt) {
  TransportOptions options = with_nodes();
  options.model.node_uplink = 50;
  options.model.overhead = 500;
  run(4, options, [](Communicator& communicator, World&) {
    switch (communicator.rank()) {
      case 0:  // its clock runs ahead while rank 1 has not posted yet
        send(communicator, 1);
        send(communicator, 2);
        receive(communicator, 1);
        break;
      case 1:
        send(communicator, 3);
        receive(communicator, 0);
        send(communicator, 0);
        break;
      case 2:
        EXPECT_EQ(receive(communicator, 0), 1'000 + kNodeWire + kAlpha + kWire);
        break;
      default:
        EXPECT_EQ(receive(communicator, 1), 500 + kAlpha + kWire);
        break;
    }
  });
}

TEST(ModelNodes, InsideANodeNoUplinkIsPassed) {
  TransportOptions options = with_nodes();
  options.model.node_uplink = 0.001;
  run(2, options, [](Communicator& communicator, World&) {
    if (communicator.rank() == 0)
      send(communicator, 1);
    else
      EXPECT_EQ(receive(communicator, 0), kNodeAlpha + kNodeWire);
  });
}

TEST(ModelNodes, AreNoneWithoutRanksPerNode) {
  TransportOptions options = with_nodes();
  options.model.ranks_per_node = 0;
  run(2, options, [](Communicator& communicator, World&) {
    if (communicator.rank() == 0)
      EXPECT_EQ(send(communicator, 1), kWire);
    else
      EXPECT_EQ(receive(communicator, 0), kAlpha + kWire);
  });
}

TEST(ModelNodes, NeedABandwidth) {
  FabricModel model = with_nodes().model;
  EXPECT_EQ(flaw_of(model), "");
  model.node_uplink = -1;
  EXPECT_THAT(flaw_of(model), HasSubstr("node-uplink must be from 0.001"));
  model.node_uplink = 0;
  model.node_bandwidth = 0;
  EXPECT_THAT(flaw_of(model), HasSubstr("node-bandwidth must be from 0.001"));
  model.ranks_per_node = 0;
  EXPECT_EQ(flaw_of(model), "");
  model.ranks_per_node = -1;
  EXPECT_THAT(flaw_of(model), HasSubstr("ranks-per-node must be from 0"));
  model = with_nodes().model;
  model.node_latency = kLongestModelDelay + 1;
  EXPECT_THAT(flaw_of(model), HasSubstr("node-latency"));
}

}  // namespace
}  // namespace weft
