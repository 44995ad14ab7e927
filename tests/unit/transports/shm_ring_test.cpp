#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sched.h>

#include "transports/shm/ring.hpp"

namespace weft::shm {
namespace {

struct Ring {
  std::unique_ptr<RingMemory> memory = std::make_unique<RingMemory>();
  Credit credit;
  RingSender sender{*memory, credit};
  RingReceiver receiver{*memory, credit};
};

std::vector<std::byte> pattern(Bytes bytes, unsigned seed) {
  std::vector<std::byte> data(bytes);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::byte>(std::size_t{seed} * 31 + i);
  return data;
}

TEST(ShmRing, IsEmptyAtFirst) { EXPECT_EQ(Ring().receiver.front(), nullptr); }

TEST(ShmRing, CarriesDataInTheLineAndInTheStore) {
  for (const Bytes bytes : {Bytes{0}, Bytes{1}, kInlineBytes, kInlineBytes + 1, kEagerBytes}) {
    Ring ring;
    const auto data = pattern(bytes, 7);
    ASSERT_TRUE(ring.sender.send(3, data.data(), bytes));
    const Line* const line = ring.receiver.front();
    ASSERT_NE(line, nullptr);
    EXPECT_EQ(line->kind, bytes <= kInlineBytes ? Kind::inlined : Kind::eager);
    EXPECT_EQ(line->channel, 3);
    ASSERT_EQ(line->bytes, bytes);
    EXPECT_EQ(std::vector(ring.receiver.data(*line), ring.receiver.data(*line) + bytes), data);
    ring.receiver.pop();
    EXPECT_EQ(ring.receiver.front(), nullptr);
  }
}

TEST(ShmRing, CarriesOffersAndAnswers) {
  Ring ring;
  ASSERT_TRUE(ring.sender.offer(5, 0x123456789a, Bytes{3} << 30, 42));
  ASSERT_TRUE(ring.sender.taken(43));
  EXPECT_EQ(ring.receiver.front()->offer.place, Place{0x123456789a});
  EXPECT_EQ(ring.receiver.front()->bytes, Bytes{3} << 30);
  EXPECT_EQ(ring.receiver.front()->offer.token, 42U);
  ring.receiver.pop();
  EXPECT_EQ(ring.receiver.front()->kind, Kind::taken);
  EXPECT_EQ(ring.receiver.front()->offer.token, 43U);
}

TEST(ShmRing, RefusesWhatDoesNotFitAndTakesItLater) {
  for (const Bytes bytes : {Bytes{8}, kEagerBytes}) {
    Ring ring;
    const auto data = pattern(bytes, 1);
    unsigned sent = 0;
    while (ring.sender.send(0, data.data(), bytes)) ++sent;
    EXPECT_EQ(sent, bytes == 8 ? kRingLines : kRingBytes / kEagerBytes);
    for (unsigned i = 0; i < sent; ++i) ring.receiver.pop();
    EXPECT_TRUE(ring.sender.send(0, data.data(), bytes));
  }
}

TEST(ShmRing, KeepsOrderAndContentBetweenThreads) {
  Ring ring;
  constexpr unsigned kMessages = 20'000;
  const auto length = [](unsigned i) { return Bytes{i} * 7919 % (kEagerBytes + 1); };
  std::jthread sender([&] {
    for (unsigned i = 0; i < kMessages; ++i) {
      const auto data = pattern(length(i), i);
      while (!ring.sender.send(static_cast<std::uint16_t>(i), data.data(), data.size())) sched_yield();
    }
  });
  for (unsigned i = 0; i < kMessages; ++i) {
    const Line* line = nullptr;
    while ((line = ring.receiver.front()) == nullptr) sched_yield();
    ASSERT_EQ(line->channel, static_cast<std::uint16_t>(i));
    ASSERT_EQ(line->bytes, length(i));
    ASSERT_EQ(std::vector(ring.receiver.data(*line), ring.receiver.data(*line) + line->bytes), pattern(length(i), i));
    ring.receiver.pop();
  }
}

}  // namespace
}  // namespace weft::shm
