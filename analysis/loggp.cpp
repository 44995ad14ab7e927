#include "analysis/loggp.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace weft {

namespace {

constexpr double kNsPerUs = 1e3;

/// Of the same transport and ranks; messages move bytes, whatever their type is called.
const Curve* like(const std::vector<Curve>& curves, const Curve& wanted, const std::string& pattern,
                  const std::string& operation) {
  for (const Curve& curve : curves)
    if (curve.pattern == pattern && curve.operation == operation && curve.transport == wanted.transport &&
        curve.ranks == wanted.ranks)
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
  double us = 0;  ///< each
  std::optional<double> half_width;
};

Added added(const CurvePoint& many, const CurvePoint& one, int messages) {
  const auto half = [](const CurvePoint& point) { return (point.interval_us.high - point.interval_us.low) / 2; };
  Added each{(many.time_us - one.time_us) / (messages - 1), {}};
  if (many.has_interval && one.has_interval) each.half_width = std::hypot(half(many), half(one)) / (messages - 1);
  return each;
}

/// max(o, g + (s - 1) G) against s.
Curve gaps_of(const Curve& round_trip, const Curve* burst) {
  Curve gaps = round_trip;
  gaps.points.clear();
  for (const CurvePoint& one : round_trip.points) {
    const CurvePoint* const many = at_size(burst, one.bytes);
    if (one.bytes == 0 || many == nullptr || many->messages < 2) continue;
    const double us = added(*many, one, many->messages).us;
    gaps.points.push_back({one.bytes, us, {us, us}, false});
  }
  return gaps;
}

/// The slope of those gaps that are clearly longer than the smallest message's, which is o's or g's.
std::optional<double> slope_of(Curve gaps) {
  const double smallest = gaps.points.front().time_us;
  std::erase_if(gaps.points, [&](const CurvePoint& gap) { return gap.time_us <= std::max(2 * smallest, 0.0); });
  const std::optional<CurveFit> fit = fit_of(gaps);
  if (!fit) return {};
  return fit->pieces.back().us_per_byte;
}

double at_one_byte(const CurveFit& fit) { return fit.pieces.front().latency_us + fit.pieces.front().us_per_byte; }

std::optional<LogGP> of_ping_pong(const std::vector<Curve>& curves, const Curve& curve, double trips) {
  const std::optional<CurveFit> fit = fit_of(curve);
  if (!fit) return {};
  LogGP parameters;
  parameters.transport = curve.transport;
  parameters.ranks = curve.ranks;
  parameters.dtype = curve.dtype;
  parameters.l_plus_2o_us = at_one_byte(*fit) / trips;
  parameters.gap_per_byte_ns = kNsPerUs * fit->pieces.back().us_per_byte / trips;
  parameters.lacks = "`weft run loggp` tells L and o apart";
  if (const Curve* const stream = like(curves, curve, "stream", "stream"))
    if (const std::optional<CurveFit> gap = fit_of(*stream)) parameters.gap_us = gap->pieces.front().latency_us;
  return parameters;
}

/// o, L, or why there are none, from the smallest message.
void add_overhead(const std::vector<Curve>& curves, const Curve& round_trip, const CurvePoint& gap, LogGP& parameters) {
  const CurvePoint* const with = at_size(like(curves, round_trip, round_trip.pattern, "spaced"), gap.bytes);
  const CurvePoint* const without = at_size(like(curves, round_trip, round_trip.pattern, "pauses"), gap.bytes);
  if (with == nullptr || without == nullptr || with->messages < 2) {
    parameters.lacks = "no o: it needs `spaced` and `pauses` of the smallest message";
    return;
  }
  constexpr double kClearly = 1.05;
  if (added(*with, *at_size(&round_trip, gap.bytes), with->messages).us <= kClearly * gap.time_us) {
    parameters.lacks = "no o: a message keeps the link busy for longer than the pauses";
    return;
  }
  const Added each = added(*with, *without, with->messages);
  parameters.overhead_us = Overhead{std::max(each.us, 0.0), each.half_width};
  const double latency = parameters.l_plus_2o_us - 2 * parameters.overhead_us->us;
  parameters.lacks =
      latency < 0 ? "no L: 2o is more than L + 2o, as where the sender does some of the receiver's part" : "";
  if (latency >= 0) parameters.latency_us = latency;
}

std::optional<LogGP> of_round_trips(const std::vector<Curve>& curves, const Curve& round_trip) {
  std::optional<LogGP> parameters = of_ping_pong(curves, round_trip, 2);
  if (!parameters) return {};
  const Curve gaps = gaps_of(round_trip, like(curves, round_trip, round_trip.pattern, "burst"));
  if (gaps.points.empty()) {
    parameters->lacks = "no o: it needs `burst`, `spaced` and `pauses` too";
    return parameters;
  }
  if (gaps.points.front().time_us > 0) parameters->gap_us = gaps.points.front().time_us;
  if (const std::optional<double> slope = slope_of(gaps)) parameters->gap_per_byte_ns = kNsPerUs * *slope;
  add_overhead(curves, round_trip, gaps.points.front(), *parameters);
  return parameters;
}

}  // namespace

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
