#include "analysis/loggp.hpp"

#include <algorithm>
#include <cmath>

namespace weft {

namespace {

constexpr double kNsPerUs = 1e3;

const Curve* like(const std::vector<Curve>& curves, const Curve& wanted, const std::string& pattern,
                  const std::string& operation) {
  for (const Curve& curve : curves)
    if (curve.pattern == pattern && curve.operation == operation && curve.transport == wanted.transport &&
        curve.ranks == wanted.ranks && curve.dtype == wanted.dtype)
      return &curve;
  return nullptr;
}

const CurvePoint* at_size(const Curve* curve, Bytes bytes) {
  if (curve == nullptr) return nullptr;
  for (const CurvePoint& point : curve->points)
    if (point.bytes == bytes) return &point;
  return nullptr;
}

/// What all but one of the messages of a program have added to the time of another.
struct Added {
  double us = 0;          ///< each
  double half_width = 0;  ///< of us
};

Added added(const CurvePoint& many, const CurvePoint& one) {
  const double more = static_cast<double>(many.wire_bytes) / static_cast<double>(many.bytes) - 1;
  const auto half = [](const CurvePoint& point) { return (point.interval_us.high - point.interval_us.low) / 2; };
  return {(many.time_us - one.time_us) / more, std::hypot(half(many), half(one)) / more};
}

/// g + (s - 1) G against s: the gap of each size.
Curve gaps_of(const Curve& round_trip, const Curve* burst) {
  Curve gaps = round_trip;
  gaps.points.clear();
  for (const CurvePoint& one : round_trip.points) {
    const CurvePoint* const many = at_size(burst, one.bytes);
    if (many == nullptr || many->wire_bytes <= many->bytes) continue;
    const Added gap = added(*many, one);
    if (gap.us > 0) gaps.points.push_back({one.bytes, gap.us, {gap.us, gap.us}, false, one.bytes});
  }
  return gaps;
}

std::optional<Overhead> overhead_of(const Curve& round_trip, const Curve* spaced, const Curve* pauses,
                                    const Curve& gaps) {
  if (spaced == nullptr || pauses == nullptr || gaps.points.empty()) return {};
  const Bytes smallest = gaps.points.front().bytes;
  const CurvePoint* const with = at_size(spaced, smallest);
  const CurvePoint* const without = at_size(pauses, smallest);
  if (with == nullptr || without == nullptr || with->wire_bytes <= with->bytes) return {};
  CurvePoint paused = *without;
  paused.wire_bytes = with->wire_bytes;
  const double pause = added(paused, *at_size(&round_trip, smallest)).us;
  if (pause <= gaps.points.front().time_us) return {};
  const Added each = added(*with, *without);
  return Overhead{each.us, each.half_width};
}

double at_one_byte(const CurveFit& fit) { return fit.pieces.front().latency_us + fit.pieces.front().us_per_byte; }

std::optional<LogGP> of_ping_pong(const std::vector<Curve>& curves, const Curve& curve, double trips) {
  const std::optional<CurveFit> fit = fit_of(curve);
  if (!fit) return {};
  LogGP parameters{curve.transport,
                   curve.ranks,
                   curve.dtype,
                   at_one_byte(*fit) / trips,
                   kNsPerUs * fit->pieces.back().us_per_byte / trips,
                   {},
                   {}};
  if (const Curve* const stream = like(curves, curve, "send_recv", "stream"))
    if (const std::optional<CurveFit> gap = fit_of(*stream)) parameters.gap_us = gap->pieces.front().latency_us;
  return parameters;
}

std::optional<LogGP> of_round_trips(const std::vector<Curve>& curves, const Curve& round_trip) {
  std::optional<LogGP> parameters = of_ping_pong(curves, round_trip, 2);
  if (!parameters) return {};
  const Curve gaps = gaps_of(round_trip, like(curves, round_trip, round_trip.pattern, "burst"));
  if (const std::optional<CurveFit> gap = fit_of(gaps)) {
    parameters->gap_us = at_one_byte(*gap);
    parameters->gap_per_byte_ns = kNsPerUs * gap->pieces.back().us_per_byte;
  }
  parameters->overhead_us = overhead_of(round_trip, like(curves, round_trip, round_trip.pattern, "spaced"),
                                        like(curves, round_trip, round_trip.pattern, "pauses"), gaps);
  return parameters;
}

}  // namespace

std::optional<double> LogGP::latency_us() const {
  if (!overhead_us || l_plus_2o_us < 2 * overhead_us->us) return {};
  return l_plus_2o_us - 2 * overhead_us->us;
}

std::vector<LogGP> loggp_of(const std::vector<Curve>& curves) {
  std::vector<LogGP> all;
  for (const Curve& curve : curves) {
    std::optional<LogGP> parameters;
    if (curve.pattern == "send_recv" && curve.operation == "pingpong") parameters = of_ping_pong(curves, curve, 1);
    if (curve.pattern == "loggp" && curve.operation == "round_trip") parameters = of_round_trips(curves, curve);
    if (parameters) all.push_back(*parameters);
  }
  return all;
}

}  // namespace weft
