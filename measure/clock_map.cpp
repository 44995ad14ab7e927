#include "measure/clock_map.hpp"

#include <algorithm>
#include <cmath>

namespace weft {

namespace {

constexpr std::size_t kMostAnchors = 32;    // a clock's drift changes with its temperature: old anchors mislead
constexpr double kLeastUncertainty = 1e-8;  // clocks show whole ns
constexpr double kDeviations = 4;           // of the slope: 99 % where six anchors are fitted

}  // namespace

void ClockMap::add(const ClockAnchor& anchor) {
  if (!anchors_.empty()) closure_ = std::abs(static_cast<double>(to_global(anchor.local) - anchor.global));
  anchors_.push_back(anchor);
  if (anchors_.size() > kMostAnchors) anchors_.erase(anchors_.begin());
  fit();
}

void ClockMap::fit() {
  if (anchors_.size() < kLeastAnchors) return;
  const ClockAnchor& origin = anchors_.front();
  const Nanoseconds offset = origin.global - origin.local;
  const auto x = [&](const ClockAnchor& anchor) { return static_cast<double>(anchor.local - origin.local); };
  const auto y = [&](const ClockAnchor& anchor) { return static_cast<double>(anchor.global - anchor.local - offset); };
  const auto weight = [](const ClockAnchor& anchor) { return 1 / std::pow(std::max(anchor.bound_ns, 1.0), 2); };
  double sum = 0;
  double mean_x = 0;
  double mean_y = 0;
  for (const ClockAnchor& anchor : anchors_) {
    sum += weight(anchor);
    mean_x += weight(anchor) * x(anchor);
    mean_y += weight(anchor) * y(anchor);
  }
  mean_x /= sum;
  mean_y /= sum;
  double xx = 0;
  double xy = 0;
  for (const ClockAnchor& anchor : anchors_) {
    xx += weight(anchor) * std::pow(x(anchor) - mean_x, 2);
    xy += weight(anchor) * (x(anchor) - mean_x) * (y(anchor) - mean_y);
  }
  drift_ = xy / xx;
  double residual = 0;
  for (const ClockAnchor& anchor : anchors_)
    residual += weight(anchor) * std::pow(y(anchor) - mean_y - drift_ * (x(anchor) - mean_x), 2);
  const double deviation = std::sqrt(residual / static_cast<double>(anchors_.size() - 2) / xx);
  uncertainty_ = std::min(kMostDrift, kDeviations * deviation + kLeastUncertainty);
}

ClockMap::Piece ClockMap::piece(bool after_last, bool after_previous) const {
  if (anchors_.empty()) return {{}, 0};
  if (after_last || anchors_.size() == 1) return {anchors_.back(), drift_};
  const ClockAnchor& previous = anchors_[anchors_.size() - 2];
  const ClockAnchor& last = anchors_.back();
  if (!after_previous || last.local == previous.local) return {previous, drift_};
  const auto local = static_cast<double>(last.local - previous.local);
  return {previous, (static_cast<double>(last.global - previous.global) - local) / local};
}

Nanoseconds ClockMap::to_global(Nanoseconds local) const {
  const bool several = anchors_.size() > 1;
  const Piece at = piece(!anchors_.empty() && local >= anchors_.back().local,
                         several && local >= anchors_[anchors_.size() - 2].local);
  const Nanoseconds past = local - at.from.local;
  return at.from.global + past + std::llround(static_cast<double>(past) * at.rate);
}

Nanoseconds ClockMap::to_local(Nanoseconds global) const {
  const bool several = anchors_.size() > 1;
  const Piece at = piece(!anchors_.empty() && global >= anchors_.back().global,
                         several && global >= anchors_[anchors_.size() - 2].global);
  const Nanoseconds past = global - at.from.global;
  return at.from.local + past - std::llround(static_cast<double>(past) * at.rate / (1 + at.rate));
}

double ClockMap::bound_at(Nanoseconds local) const {
  if (anchors_.empty()) return 0;
  return anchors_.back().bound_ns + uncertainty_ * std::abs(static_cast<double>(local - anchors_.back().local));
}

double ClockMap::bound() const {
  if (anchors_.empty()) return 0;
  const double before = anchors_.size() > 1 ? anchors_[anchors_.size() - 2].bound_ns : 0;
  return std::max(before, bound_at(anchors_.back().local + kClockHorizon));
}

}  // namespace weft
