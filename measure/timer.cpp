#include "measure/timer.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"
#include "core/tsc.hpp"

namespace weft {

namespace {

constexpr std::array<TimerKind, 2> kTimerKinds = {TimerKind::monotonic, TimerKind::tsc};
constexpr double kMostDisagreement = 1e-6;
constexpr auto kCalibration = std::chrono::milliseconds(100);

}  // namespace

std::string_view name_of(TimerKind kind) { return kind == TimerKind::monotonic ? "monotonic" : "tsc"; }

TimerKind parse_timer_kind(std::string_view name) {
  std::vector<std::string> names;
  for (const TimerKind kind : kTimerKinds) {
    if (name_of(kind) == name) return kind;
    names.emplace_back(name_of(kind));
  }
  throw UsageError(unknown_name("timer", name, names));
}

Timer::Timer(const Communicator& communicator, TimerKind kind)
    : communicator_(&communicator), kind_(communicator.virtual_time() ? TimerKind::monotonic : kind) {
  if (kind_ == TimerKind::tsc) calibrate();
  if (!communicator.virtual_time()) observe_itself();
}

/// The tightest of several attempts: the thread may be interrupted between the two clocks.
Timer::Reading Timer::read_both() {
  Reading best{.uncertain = std::numeric_limits<Nanoseconds>::max()};
  for (int attempt = 0; attempt < 64; ++attempt) {
    const Nanoseconds before = monotonic_raw_now();
    const std::uint64_t ticks = tsc::ticks();
    const Nanoseconds after = monotonic_raw_now();
    if (after - before < best.uncertain) best = {ticks, before + (after - before) / 2, after - before};
  }
  return best;
}

void Timer::calibrate() {
  if (const std::string reason = tsc::unfit(); !reason.empty())
    throw UsageError(fmt::format("the timer tsc cannot be used: {}; use monotonic", reason));
  const auto rate = [](const Reading& from, const Reading& to) {
    return static_cast<double>(to.raw - from.raw) / static_cast<double>(to.ticks - from.ticks);
  };
  origin_ = read_both();
  std::this_thread::sleep_for(kCalibration);
  const Reading middle = read_both();
  std::this_thread::sleep_for(kCalibration);
  const Reading end = read_both();
  const double disagreement = std::abs(rate(origin_, middle) / rate(middle, end) - 1);
  if (disagreement > kMostDisagreement)
    throw UsageError(fmt::format(
        "the timer tsc cannot be used: two calibrations differ by {:.1f} ppm, and 1 is the most; use monotonic",
        disagreement * 1e6));
  ns_per_tick_ = rate(origin_, end);
}

Nanoseconds Timer::counted() const {
  return origin_.raw + std::llround(static_cast<double>(tsc::ticks() - origin_.ticks) * ns_per_tick_);
}

bool Timer::still_calibrated() const {
  if (kind_ != TimerKind::tsc) return true;
  const Reading end = read_both();
  const auto elapsed = static_cast<double>(end.raw - origin_.raw);
  const double counted = static_cast<double>(end.ticks - origin_.ticks) * ns_per_tick_;
  const auto uncertain = static_cast<double>(origin_.uncertain + end.uncertain);
  return std::abs(counted - elapsed) <= kMostDisagreement * elapsed + uncertain;
}

void Timer::observe_itself() {
  constexpr int kBatches = 16;
  constexpr int kReads = 256;
  overhead_ns_ = std::numeric_limits<double>::max();
  Nanoseconds smallest = std::numeric_limits<Nanoseconds>::max();
  for (int batch = 0; batch < kBatches; ++batch) {
    const Nanoseconds start = now();
    Nanoseconds last = start;
    for (int read = 0; read < kReads; ++read) {
      const Nanoseconds time = now();
      if (time > last) smallest = std::min(smallest, time - last);
      last = time;
    }
    overhead_ns_ = std::min(overhead_ns_, static_cast<double>(last - start) / kReads);
  }
  resolution_ns_ = static_cast<double>(smallest);
}

}  // namespace weft
