#include "measure/round_time.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "measure/agree.hpp"

namespace weft {

namespace {

constexpr Bytes kSlot = 64;  // a cache line
constexpr int kChannel = 0;

int rounds_of(int ranks) {
  int rounds = 0;
  for (int distance = 1; distance < ranks; distance *= 2) ++rounds;
  return rounds;
}

void finish(Communicator& communicator, World& world, const Pending& pending) {
  constexpr unsigned kSpinsPerCheck = 1024;
  for (unsigned spins = 1;; ++spins) {
    communicator.progress();
    if (pending.count == 0) return;
    if (spins % kSpinsPerCheck == 0) world.check();
    communicator.relax(std::numeric_limits<Nanoseconds>::max());
  }
}

}  // namespace

void StartWindow::started(bool late) {
  constexpr int kOneLateIn = 50;
  constexpr Nanoseconds kFactor = 4;
  ++starts_;
  late_ += late ? 1 : 0;
  if (late_ * kOneLateIn <= starts_) return;
  length_ = std::min(length_ * kFactor, std::max(kMost, first_));
  starts_ = 0;
  late_ = 0;
}

RoundTime::RoundTime(Communicator& communicator, World& world)
    : communicator_(communicator),
      world_(world),
      rounds_(rounds_of(communicator.ranks())),
      slots_(communicator.allocate_signals(static_cast<Bytes>(rounds_) * 2 * kSlot)) {}

RoundTime::Vote RoundTime::exchange(Vote mine) {
  const int rank = communicator_.rank();
  const int ranks = communicator_.ranks();
  for (int round = 0; round < rounds_; ++round) {
    const int distance = 1 << round;
    std::byte* const sent = slots_.get() + static_cast<Bytes>(round) * 2 * kSlot;
    std::byte* const arrived = sent + kSlot;
    std::memcpy(sent, &mine, sizeof(Vote));
    Pending pending;
    communicator_.post_recv((rank + ranks - distance) % ranks, kChannel, arrived, sizeof(Vote), pending);
    communicator_.post_send((rank + distance) % ranks, kChannel, sent, sizeof(Vote), pending);
    finish(communicator_, world_, pending);
    Vote theirs;
    std::memcpy(&theirs, arrived, sizeof(Vote));
    mine = {.ready = std::max(mine.ready, theirs.ready), .late = std::max(mine.late, theirs.late)};
  }
  return mine;
}

double RoundTime::mean_duration() {
  constexpr int kExchanges = 8;
  exchange({});  // brings the ranks together
  const Nanoseconds start = communicator_.now();
  for (int i = 0; i < kExchanges; ++i) exchange({});
  return largest_over_ranks(world_, static_cast<double>(communicator_.now() - start) / kExchanges);
}

}  // namespace weft
