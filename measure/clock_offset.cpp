#include "measure/clock_offset.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace weft {

namespace {

constexpr Nanoseconds kUnlimited = std::numeric_limits<Nanoseconds>::max();
constexpr unsigned kTurnsPerCheck = 1024;
constexpr double kWholeNanoseconds = 2;  // three clock readings and two results, each rounded
constexpr int kMostPings = 256;
constexpr int kVainPings = 24;      // so many that do not help end it
constexpr double kNarrower = 0.98;  // what counts as help
constexpr Bytes kBeatStride = 64;   // each in a cache line of its own

}  // namespace

void OffsetInterval::add(Nanoseconds sent, Nanoseconds answered, Nanoseconds returned, double drift,
                         double uncertainty) {
  if (empty_) base_ = answered - returned;
  const auto round_trip = static_cast<double>(returned - sent);
  // Of the clocks at `returned`: while the ping was under way the offset moved by the drift.
  const double low = static_cast<double>(answered - returned - base_) - (std::abs(drift) + uncertainty) * round_trip;
  const double high = static_cast<double>(answered - sent - base_) + (std::abs(drift) + uncertainty) * round_trip;
  const auto age = static_cast<double>(returned - at_);
  const double old_low = low_ + drift * age - uncertainty * age;
  const double old_high = high_ + drift * age + uncertainty * age;
  const bool apart = !empty_ && (old_low > high || old_high < low);
  contradicted_ |= apart;
  low_ = empty_ || apart ? low : std::max(low, old_low);
  high_ = empty_ || apart ? high : std::min(high, old_high);
  at_ = returned;
  empty_ = false;
}

bool OffsetInterval::contains(Nanoseconds offset) const {
  const auto from_base = static_cast<double>(offset - base_);
  return low_ <= from_base && from_base <= high_;
}

ClockAnchor OffsetInterval::middle() const {
  return {.local = at_,
          .global = at_ + base_ + std::llround((low_ + high_) / 2),
          .bound_ns = width() / 2 + kWholeNanoseconds};
}

/// What a ping or an answer says.
struct ClockPings::Beat {
  Nanoseconds time;  ///< answers: on the common clock; pings: 0 for the last, which has no answer
  double bound_ns;   ///< answers: of the time
};

ClockPings::ClockPings(Communicator& communicator, World& world, const Timer& timer)
    : communicator_(communicator),
      world_(world),
      timer_(timer),
      memory_(communicator.allocate_signals(2 * kBeatStride)),
      out_(reinterpret_cast<Beat*>(memory_.get())),
      in_(reinterpret_cast<Beat*>(memory_.get() + kBeatStride)) {}

void ClockPings::finish(const Pending& pending) {
  communicator_.progress();
  while (pending.count > 0) {
    if (++spins_ % kTurnsPerCheck == 0) world_.check();
    communicator_.relax(kUnlimited);
    communicator_.progress();
  }
}

void ClockPings::wait_until(Nanoseconds local) {
  while (timer_.now() < local) {
    if (++spins_ % kTurnsPerCheck == 0) world_.check();
    // relax() is on the communicator's clock, which a timer of its own need not follow.
    communicator_.relax(timer_.kind() == TimerKind::monotonic ? local : communicator_.now() + local - timer_.now());
    communicator_.progress();
  }
}

OffsetInterval ClockPings::ping(int leader, const ClockMap& map, double& leaders_bound) {
  OffsetInterval interval;
  double narrowest = std::numeric_limits<double>::max();
  int vain = 0;
  for (int number = 0; number < kMostPings && vain < kVainPings; ++number) {
    Pending pending;
    communicator_.post_recv(leader, 0, reinterpret_cast<std::byte*>(in_), sizeof(Beat), pending);
    *out_ = {.time = 1, .bound_ns = 0};
    const Nanoseconds sent = timer_.now();
    communicator_.post_send(leader, 0, reinterpret_cast<const std::byte*>(out_), sizeof(Beat), pending);
    finish(pending);
    const Nanoseconds returned = timer_.now();
    interval.add(sent, in_->time, returned, map.drift(), map.drift_uncertainty());
    leaders_bound = in_->bound_ns;
    vain = interval.width() < kNarrower * narrowest ? 0 : vain + 1;
    narrowest = std::min(narrowest, interval.width());
  }
  Pending pending;
  *out_ = {.time = 0, .bound_ns = 0};
  communicator_.post_send(leader, 0, reinterpret_cast<const std::byte*>(out_), sizeof(Beat), pending);
  finish(pending);
  return interval;
}

ClockAnchor ClockPings::follow(int leader, const ClockMap& map) {
  double leaders_bound = 0;
  ClockAnchor anchor = ping(leader, map, leaders_bound).middle();
  anchor.bound_ns += leaders_bound;
  return anchor;
}

void ClockPings::lead(int follower, const ClockMap& map) {
  while (true) {
    Pending pending;
    communicator_.post_recv(follower, 0, reinterpret_cast<std::byte*>(in_), sizeof(Beat), pending);
    finish(pending);
    const Nanoseconds local = timer_.now();
    if (in_->time == 0) return;
    *out_ = {.time = map.to_global(local), .bound_ns = map.bound_at(local)};
    communicator_.post_send(follower, 0, reinterpret_cast<const std::byte*>(out_), sizeof(Beat), pending);
    finish(pending);
  }
}

bool ClockPings::same_clock(int leader) {
  double ignored = 0;
  const OffsetInterval interval = ping(leader, ClockMap(), ignored);
  return interval.contains(0) && !interval.contradicted();
}

}  // namespace weft
