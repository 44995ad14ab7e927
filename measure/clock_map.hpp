#pragma once

#include <vector>

#include "core/units.hpp"

namespace weft {

/// A moment on a rank's own clock, and what the common clock showed then.
struct ClockAnchor {
  Nanoseconds local = 0;
  Nanoseconds global = 0;
  double bound_ns = 0;  ///< `global` is right within this
};

inline constexpr Nanoseconds kClockHorizon = 100'000'000;
inline constexpr std::size_t kLeastAnchors = 5;  ///< for a fit of the drift
/// Crystals differ by less than 100 ppm, and the system's clock is slewed by at most 500.
inline constexpr double kMostDrift = 500e-6;

/// From a rank's own clock to the common one, by anchors. Without any the two are one clock.
///
/// The drift is the slope of a least-squares fit of global - local over the last anchors, weighted by 1 / bound^2.
/// Before the first anchors suffice for a fit it is taken for 0, uncertain by what clocks drift at most.
class ClockMap {
 public:
  /// Anchors come in order of time.
  void add(const ClockAnchor& anchor);

  /// Interpolated between the last two anchors, by the drift before and after.
  Nanoseconds to_global(Nanoseconds local) const;
  Nanoseconds to_local(Nanoseconds global) const;  ///< the inverse, within 1 ns

  double drift() const { return drift_; }                    ///< global ns per local ns, less 1
  double drift_uncertainty() const { return uncertainty_; }  ///< the drift is right within this
  double bound_at(Nanoseconds local) const;                  ///< of to_global, after the last anchor
  /// Of to_global between the last two anchors and for kClockHorizon after the last.
  double bound() const;
  /// How far off the common clock the earlier anchors would have put the last one, ns.
  double closure() const { return closure_; }
  bool anchored() const { return !anchors_.empty(); }
  const ClockAnchor& last() const { return anchors_.back(); }  ///< where anchored

 private:
  struct Piece {
    ClockAnchor from;
    double rate;  ///< global ns per local ns, less 1
  };
  /// The piece for what lies so many ns after the last anchor, and after the one before.
  Piece piece(bool after_last, bool after_previous) const;
  void fit();

  std::vector<ClockAnchor> anchors_;
  double drift_ = 0;
  double uncertainty_ = kMostDrift;
  double closure_ = 0;
};

}  // namespace weft
