#pragma once

#include "transports/communicator.hpp"
#include "worlds/world.hpp"

namespace weft {

/// How long after the last rank was ready a sample starts; the same on every rank, since all hear the same of each
/// sample. Widened fourfold where more than 2 % of the starts since the last widening were late.
class StartWindow {
 public:
  StartWindow() = default;
  explicit StartWindow(Nanoseconds length) : length_(length), first_(length) {}

  Nanoseconds length() const { return length_; }
  /// Takes down how a sample started; `late`: on some rank.
  void started(bool late);
  /// Whether it has been widened beyond a scheduler's tick: then ranks wait for cores, not for messages, and keep more
  /// of them from work the longer they spin.
  bool crowded() const { return length_ > kTick && length_ > first_; }

  static constexpr Nanoseconds kTick = 4'000'000;   ///< of Linux at 250 Hz
  static constexpr Nanoseconds kMost = 20'000'000;  ///< beyond the time slices of a busy machine

 private:
  Nanoseconds length_ = 0;
  Nanoseconds first_ = 0;
  int starts_ = 0;
  int late_ = 0;
};

/// The exchange that agrees on the start of a sample: one all-reduce of the largest over the transport under test, by
/// dissemination (Hensgen, Finkel & Manber 1988) in ceil(log2 n) rounds of 16 bytes.
///
/// This is the Round-Time scheme of ReproMPI (Hunold & Carpen-Amarie 2018), and differs in one thing: there a root
/// broadcasts its time + 3 broadcasts, after a reduction has told it of the last sample. With the maximum of the times
/// at which the ranks were ready no root is needed, nobody who is late into the exchange is asked to start in its past,
/// and one exchange carries both.
class RoundTime {
 public:
  /// Collective.
  RoundTime(Communicator& communicator, World& world);

  /// What a rank says, and what comes of all of them: the largest of each.
  struct Vote {
    Nanoseconds ready = 0;  ///< on the global clock
    Nanoseconds late = 0;   ///< 1: the start of the last sample had passed when the rank wanted to wait for it
  };

  /// Collective over the transport; allocates nothing.
  Vote exchange(Vote mine);

  /// Mean duration of the exchange on the slowest rank, ns on the transport's clock. Collective.
  double mean_duration();

 private:
  Communicator& communicator_;
  World& world_;
  int rounds_ = 0;
  Memory slots_;  // of each round what is sent and what arrives
};

}  // namespace weft
