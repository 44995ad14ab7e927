#pragma once

#include <cstdint>
#include <string_view>

#include "transports/communicator.hpp"

namespace weft {

enum class TimerKind : std::uint8_t {
  monotonic,  ///< the communicator's clock: CLOCK_MONOTONIC, or virtual time
  tsc,        ///< the CPU's time-stamp counter, cheaper to read
};

std::string_view name_of(TimerKind kind);
TimerKind parse_timer_kind(std::string_view name);  ///< throws UsageError

/// A rank's own clock. Used by one thread; the communicator must outlive it.
class Timer {
 public:
  /// Measures what reading it costs; takes a fifth of a second for the time-stamp counter, which is calibrated against
  /// CLOCK_MONOTONIC_RAW. Throws UsageError where it is not constant, stops, or two calibrations differ by more than
  /// 1 ppm. In virtual time there is one clock, the communicator's, whatever was asked for. Not collective.
  explicit Timer(const Communicator& communicator, TimerKind kind = TimerKind::monotonic);

  /// ns since some moment, the same for all ranks of a host with the monotonic clock.
  Nanoseconds now() const { return kind_ == TimerKind::monotonic ? communicator_->now() : counted(); }

  TimerKind kind() const { return kind_; }
  double overhead_ns() const { return overhead_ns_; }      ///< what one now() costs; 0 in virtual time
  double resolution_ns() const { return resolution_ns_; }  ///< the smallest difference seen that is not 0

  /// Whether the counter still runs at the rate of its calibration, within 1 ppm; true for the monotonic clock.
  bool still_calibrated() const;

 private:
  /// The counter and CLOCK_MONOTONIC_RAW at one moment.
  struct Reading {
    std::uint64_t ticks = 0;
    Nanoseconds raw = 0;
    Nanoseconds uncertain = 0;  ///< raw may be off by this
  };
  static Reading read_both();
  void calibrate();
  void observe_itself();
  Nanoseconds counted() const;

  const Communicator* communicator_;
  TimerKind kind_;
  Reading origin_;
  double ns_per_tick_ = 0;
  double overhead_ns_ = 0;
  double resolution_ns_ = 1;
};

}  // namespace weft
