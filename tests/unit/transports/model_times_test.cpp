#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/unit/transports/model_fixture.hpp"

namespace weft {
namespace {

using namespace model_test;

TEST(ModelTimes, OneMessageTakesOverheadLatencyAndWireTime) {
  TransportOptions options = without_data();
  options.model.overhead = 30;
  run(2, options, [&](Communicator& communicator, World&) {
    EXPECT_TRUE(communicator.virtual_time());
    if (communicator.rank() == 0)
      EXPECT_EQ(send(communicator, 1), 30 + kWire);  // eager: complete when the last byte has left
    else
      EXPECT_EQ(receive(communicator, 0), 30 + kAlpha + kWire);
  });
}

TEST(ModelTimes, TimeThatIsTooLongForTheClockIsSaid) {
  TransportOptions options = without_data();
  options.model.bandwidth = 0.001;  // GB/s: 12 days for 1 TiB
  run(2, options, [](Communicator& communicator, World&) {
    const bool sends = communicator.rank() == 0;
    const auto pass = [&](Bytes bytes) {
      Pending pending;
      sends ? communicator.post_send(1, 0, nullptr, bytes, pending)
            : communicator.post_recv(0, 0, nullptr, bytes, pending);
      finish(communicator, pending);
    };
    for (int i = 0; i < 4; ++i) pass(Bytes{1} << 40);
    EXPECT_NEAR(static_cast<double>(communicator.now()), 4 * 1e3 * std::ldexp(1, 40), 1e6);
    EXPECT_THROW(pass(Bytes{1} << 40), TransportError);
  });
  run(2, options, [](Communicator& communicator, World&) {
    Pending pending;
    if (communicator.rank() == 0)
      communicator.post_send(1, 0, nullptr, kMostBytes, pending);
    else
      communicator.post_recv(0, 0, nullptr, kMostBytes, pending);
    EXPECT_THROW(finish(communicator, pending), TransportError);
  });
}

TEST(ModelTimes, SendsBehindOneThatIsTooLongAreToldSoToo) {
  TransportOptions options = without_data();
  options.model.bandwidth = 0.001;
  options.model.ranks_per_node = 1;
  options.model.node_uplink = 0.001;
  run(3, options, [](Communicator& communicator, World&) {
    Pending pending;
    if (communicator.rank() > 0) {
      communicator.post_recv(0, 0, nullptr, kMostBytes, pending);
    } else {
      communicator.post_send(1, 0, nullptr, kMostBytes, pending);
      communicator.post_send(2, 0, nullptr, kMostBytes, pending);
    }
    EXPECT_THROW(finish(communicator, pending), TransportError);
  });
}

TEST(ModelTimes, ReceivePostedAfterTheArrivalCompletesAtOnce) {
  run(2, without_data(), [](Communicator& communicator, World&) {
    if (communicator.rank() == 0) {
      send(communicator, 1);
    } else {
      sleep_until(communicator, 9'000);
      EXPECT_EQ(receive(communicator, 0), 9'000);
    }
  });
}

TEST(ModelTimes, PingPongTakesTwiceTheOneWayTimePerRound) {
  constexpr int kRounds = 10;
  run(2, without_data(), [](Communicator& communicator, World&) {
    const int peer = 1 - communicator.rank();
    for (int round = 0; round < kRounds; ++round) {
      if (communicator.rank() == 0) send(communicator, peer);
      receive(communicator, peer);
      if (communicator.rank() == 1) send(communicator, peer);
    }
    if (communicator.rank() == 0) {
      EXPECT_EQ(communicator.now(), Nanoseconds{2} * kRounds * (kAlpha + kWire));
    }
  });
}

TEST(ModelTimes, MessagesSerialiseOnTheSendersPort) {
  run(3, without_data(), [](Communicator& communicator, World&) {
    if (communicator.rank() > 0) {
      EXPECT_EQ(receive(communicator, 0), kAlpha + communicator.rank() * kWire);
      return;
    }
    Pending pending;
    communicator.post_send(1, 0, nullptr, kBytes, pending);
    communicator.post_send(2, 0, nullptr, kBytes, pending);
    finish(communicator, pending);
    EXPECT_EQ(communicator.now(), 2 * kWire);
  });
}

TEST(ModelTimes, IncastSerialisesOnTheReceiversPort) {
  constexpr int kRanks = 9;
  run(kRanks, without_data(), [](Communicator& communicator, World&) {
    if (communicator.rank() > 0) {
      EXPECT_EQ(send(communicator, 0), kWire);
      return;
    }
    Pending pending;
    for (int peer = 1; peer < kRanks; ++peer) communicator.post_recv(peer, 0, nullptr, kBytes, pending);
    finish(communicator, pending);
    EXPECT_EQ(communicator.now(), kAlpha + (kRanks - 1) * kWire);
  });
}

TEST(ModelTimes, PortServesInOrderOfArrivalAndNotOfPosting) {
  run(3, without_data(), [](Communicator& communicator, World&) {
    if (communicator.rank() == 1) {  // posts first, but its second message leaves only after 1,000 ns of the first
      Pending pending;
      communicator.post_send(2, 0, nullptr, 50'000, pending);
      communicator.post_send(0, 0, nullptr, 50'000, pending);
      finish(communicator, pending);
    } else if (communicator.rank() == 2) {
      sleep_until(communicator, 500);
      send(communicator, 0, 50'000);
      receive(communicator, 1, 50'000);
    } else {
      EXPECT_EQ(receive(communicator, 2, 50'000), 500 + kAlpha + 1'000);
      EXPECT_EQ(receive(communicator, 1, 50'000), 500 + kAlpha + 2'000);
    }
  });
}

TEST(ModelTimes, BothWaysAtOnceTakesAsLongAsOneWay) {
  run(2, without_data(), [](Communicator& communicator, World&) {
    Pending pending;
    communicator.post_send(1 - communicator.rank(), 0, nullptr, kBytes, pending);
    communicator.post_recv(1 - communicator.rank(), 0, nullptr, kBytes, pending);
    finish(communicator, pending);
    EXPECT_EQ(communicator.now(), kAlpha + kWire);
  });
}

TEST(ModelTimes, SmallMessagesAreNotRoundedToNothing) {
  constexpr int kMessages = 1000;
  run(2, without_data(), [](Communicator& communicator, World&) {
    Pending pending;
    for (int i = 0; i < kMessages; ++i)
      if (communicator.rank() == 0)
        communicator.post_send(1, 0, nullptr, 8, pending);
      else
        communicator.post_recv(0, 0, nullptr, 8, pending);
    finish(communicator, pending);
    EXPECT_EQ(communicator.now(), communicator.rank() == 0 ? 160 : kAlpha + 160);  // 160 ps each
  });
}

/// What every rank's clock shows after a few rounds of all-to-neighbour traffic with jitter, skew and overhead.
std::vector<Nanoseconds> clocks(std::uint64_t seed) {
  constexpr int kRanks = 16;
  TransportOptions options = without_data();
  options.seed = seed;
  options.model.jitter = 0.5;
  options.model.skew = 1000;
  options.model.overhead = 11;
  std::vector<Nanoseconds> ends(kRanks);
  run(kRanks, options, [&](Communicator& communicator, World&) {
    for (int round = 1; round < 30; ++round) {
      Pending pending;
      communicator.post_send((communicator.rank() + round) % kRanks, 0, nullptr, kBytes, pending);
      communicator.post_recv((communicator.rank() + kRanks * 2 - round) % kRanks, 0, nullptr, kBytes, pending);
      finish(communicator, pending);
      sleep_until(communicator, communicator.now() + communicator.compute_time(100));
    }
    ends[static_cast<std::size_t>(communicator.rank())] = communicator.now();
  });
  return ends;
}

TEST(ModelTimes, TheSeedDecidesEveryTime) {
  const std::vector<Nanoseconds> first = clocks(1);
  EXPECT_EQ(first, clocks(1));
  EXPECT_NE(first, clocks(2));
}

TEST(ModelTimes, SkewDelaysComputeByAFixedDrawPerRank) {
  TransportOptions options = without_data();
  options.model.skew = 500;
  std::vector<Nanoseconds> late;
  run(200, options, [&](Communicator& communicator, World&) {
    const Nanoseconds skew = communicator.compute_time(1000) - 1000;
    EXPECT_EQ(communicator.compute_time(70) - 70, skew);
    late.push_back(skew);
  });
  const auto [least, most] = std::minmax_element(late.begin(), late.end());
  EXPECT_GE(*least, 0);
  EXPECT_LT(*most, 500);
  EXPECT_GT(*most - *least, 400);  // 200 uniform draws span less with a probability below 1e-17
}

/// The median of n draws of a log-normal factor with median 1 has a log that is normal with standard deviation
/// sigma * sqrt(pi / 2n); five of them make a tolerance. The seed is fixed, so this never fails by chance.
TEST(ModelTimes, JitterHasMedianOneAndTheAskedSpread) {
  constexpr int kMessages = 4001;
  constexpr double kSigma = 0.5;
  TransportOptions options = without_data();
  options.model.jitter = kSigma;
  std::vector<double> logs;
  run(2, options, [&](Communicator& communicator, World& world) {
    for (int i = 0; i < kMessages; ++i) {
      world.barrier();
      const Nanoseconds start = communicator.now();
      if (communicator.rank() == 0)
        send(communicator, 1);
      else
        logs.push_back(std::log(static_cast<double>(receive(communicator, 0) - start - kWire) / kAlpha));
    }
  });
  std::sort(logs.begin(), logs.end());
  EXPECT_NEAR(logs[kMessages / 2], 0.0, 5 * kSigma * std::sqrt(M_PI / 2 / kMessages));
  double squares = 0;
  for (const double log : logs) squares += log * log;
  EXPECT_NEAR(std::sqrt(squares / kMessages), kSigma, 5 * kSigma / std::sqrt(2.0 * kMessages));
}

}  // namespace
}  // namespace weft
