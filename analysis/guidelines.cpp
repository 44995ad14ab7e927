#include "analysis/guidelines.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "core/call.hpp"
#include "core/text.hpp"

namespace weft {

namespace {

constexpr std::string_view kFastest = "fastest";

/// slower <= faster[0] + faster[1] of the same bytes_per_rank.
struct Guideline {
  std::string_view slower;
  std::vector<std::string_view> faster;
  std::string_view how;  ///< how the library could keep it
};

const std::vector<Guideline>& guidelines() {
  static const std::vector<Guideline> all = {
      {"all_gather", {"all_to_all"}, "send every peer the same block"},
      {"all_gather", {"all_reduce"}, "sum buffers that are zero outside the own block"},
      {"all_reduce", {"reduce_scatter", "all_gather"}, "reduce blocks, then gather them"},
      {"all_reduce", {"reduce", "broadcast"}, "reduce at one rank, then broadcast"},
      {"reduce_scatter", {"all_reduce"}, "keep one block of the whole reduction"},
      {"reduce", {"all_reduce"}, "reduce everywhere"},
      {"broadcast", {"scatter", "all_gather"}, "scatter blocks, then gather them"},
      {"gather", {"all_gather"}, "gather everywhere"},
      {"scatter", {"broadcast"}, "keep one block of the whole buffer"}};
  return all;
}

/// A curve's point, or the sum of several's.
struct Cost {
  double time_us = 0;
  Interval interval_us;
  bool has_interval = true;
  std::string algorithm;

  void add(const CurvePoint& point, double times = 1) {
    time_us += times * point.time_us;
    interval_us.low += times * point.interval_us.low;
    interval_us.high += times * point.interval_us.high;
    has_interval = has_interval && point.has_interval;
  }
};

Cost cost_of(const CurvePoint& point, double times = 1) {
  Cost cost;
  cost.add(point, times);
  return cost;
}

bool breaks(const Cost& slower, const Cost& bound) {
  return slower.time_us > kWorthTelling * bound.time_us && slower.interval_us.low > bound.interval_us.high;
}

Violation violation_of(std::string guideline, const Curve& curve, Bytes bytes, const Cost& slower, const Cost& bound,
                       const std::string& reason) {
  Violation violation{std::move(guideline),
                      curve.title(),
                      bytes,
                      slower.time_us,
                      bound.time_us,
                      slower.time_us / bound.time_us,
                      slower.has_interval && bound.has_interval,
                      {}};
  violation.sentence = fmt::format("{} of {} takes {:.4g} us, {:.3g} x the {:.4g} us {}", violation.series,
                                   format_bytes(bytes), slower.time_us, violation.factor, bound.time_us, reason);
  return violation;
}

const CurvePoint* point_at(const Curve& curve, Bytes bytes) {
  const auto at = std::lower_bound(curve.points.begin(), curve.points.end(), bytes,
                                   [](const CurvePoint& point, Bytes wanted) { return point.bytes < wanted; });
  return at != curve.points.end() && at->bytes == bytes ? &*at : nullptr;
}

/// T(m) <= T(m') for m < m': a buffer may be longer than what it holds.
void check_monotony(const Curve& curve, GuidelineCheck& into) {
  for (std::size_t i = 0; i < curve.points.size(); ++i) {
    const CurvePoint* fastest = nullptr;
    for (std::size_t j = i + 1; j < curve.points.size(); ++j)
      if (fastest == nullptr || curve.points[j].time_us < fastest->time_us) fastest = &curve.points[j];
    if (fastest == nullptr) continue;
    ++into.compared;
    if (!breaks(cost_of(curve.points[i]), cost_of(*fastest))) continue;
    into.violations.push_back(
        violation_of("monotony", curve, curve.points[i].bytes, cost_of(curve.points[i]), cost_of(*fastest),
                     fmt::format("of {}: a longer message is faster", format_bytes(fastest->bytes))));
  }
}

/// T(m) <= k T(m / k): a message may be sent in parts.
void check_splitting(const Curve& curve, GuidelineCheck& into) {
  for (const CurvePoint& whole : curve.points) {
    std::optional<Cost> least;
    Bytes parts = 0;
    for (const CurvePoint& part : curve.points) {
      if (part.bytes == 0 || part.bytes >= whole.bytes || whole.bytes % part.bytes != 0) continue;
      const Bytes number = whole.bytes / part.bytes;
      const Cost cost = cost_of(part, static_cast<double>(number));
      if (least && least->time_us <= cost.time_us) continue;
      least = cost;
      parts = number;
    }
    if (!least) continue;
    ++into.compared;
    if (!breaks(cost_of(whole), *least)) continue;
    into.violations.push_back(violation_of(
        "splitting", curve, whole.bytes, cost_of(whole), *least,
        fmt::format("of {} parts of {}: splitting the message pays", parts, format_bytes(whole.bytes / parts))));
  }
}

/// The curves of one transport, number of ranks and place.
struct Group {
  std::vector<const Curve*> curves;

  static bool of_one(const Curve& a, const Curve& b) {
    return a.transport == b.transport && a.ranks == b.ranks && a.in_place == b.in_place;
  }

  /// Those of an operation, of the type where it was measured with it, else of the only type that it was measured with
  /// (IMB moves bytes and reduces floats).
  std::vector<const Curve*> of(std::string_view operation, const std::string& dtype, const std::string& op) const {
    std::vector<const Curve*> exact;
    std::vector<const Curve*> others;
    std::set<std::string> types;
    for (const Curve* curve : curves) {
      const bool op_fits = op.empty() || curve->op.empty() || curve->op == op;
      if (curve->operation != operation || !op_fits) continue;
      types.insert(curve->dtype);
      (curve->dtype == dtype ? exact : others).push_back(curve);
    }
    return !exact.empty() || types.size() != 1 ? exact : others;
  }
};

/// The cost of an operation with the algorithm, or with the fastest that there is.
std::optional<Cost> cost_at(const std::vector<const Curve*>& curves, std::string_view algorithm, Bytes bytes) {
  std::optional<Cost> least;
  for (const Curve* curve : curves) {
    const CurvePoint* const point = point_at(*curve, bytes);
    if (point == nullptr || (algorithm != kFastest && curve->algorithm != algorithm)) continue;
    if (least && least->time_us <= point->time_us) continue;
    least = cost_of(*point);
    least->algorithm = curve->algorithm;
  }
  return least;
}

/// Says of the slower side's curve in which choice of algorithms it breaks the guideline.
void check_guideline(const Guideline& guideline, const Group& group, const Curve& curve, std::string_view algorithm,
                     GuidelineCheck& into) {
  for (const CurvePoint& point : curve.points) {
    if (point.bytes == 0) continue;
    if (algorithm == kFastest) {
      const auto own = cost_at(group.of(curve.operation, curve.dtype, curve.op), kFastest, point.bytes);
      if (own && own->algorithm != curve.algorithm) continue;  // told where its own curve comes
    }
    Cost bound;
    std::vector<std::string> parts;
    bool all = true;
    bool all_alike = true;
    for (const std::string_view operation : guideline.faster) {
      const std::optional<Cost> part = cost_at(group.of(operation, curve.dtype, curve.op), algorithm, point.bytes);
      all = all && part.has_value();
      if (!part) break;
      bound.time_us += part->time_us;
      bound.interval_us.low += part->interval_us.low;
      bound.interval_us.high += part->interval_us.high;
      bound.has_interval = bound.has_interval && part->has_interval;
      all_alike = all_alike && part->algorithm == curve.algorithm;
      parts.push_back(fmt::format("{} ({})", operation, part->algorithm));
    }
    const bool told_already = algorithm == kFastest && all_alike;
    if (!all || told_already) continue;
    ++into.compared;
    if (!breaks(cost_of(point), bound)) continue;
    into.violations.push_back(violation_of(
        fmt::format("{} <= {}", guideline.slower,
                    join(std::vector<std::string>(guideline.faster.begin(), guideline.faster.end()), " + ")),
        curve, point.bytes, cost_of(point), bound,
        fmt::format("of {}: it could {}", join(parts, " + "), guideline.how)));
  }
}

/// An algorithm of weft's that beats the library's own choice names a mistuned library.
void check_native(const Group& group, const Curve& native, GuidelineCheck& into) {
  std::vector<const Curve*> others;
  for (const Curve* curve : group.curves)
    if (curve->operation == native.operation && curve->dtype == native.dtype && curve->op == native.op &&
        curve->algorithm != kNative)
      others.push_back(curve);
  for (const CurvePoint& point : native.points) {
    const std::optional<Cost> best = cost_at(others, kFastest, point.bytes);
    if (!best) continue;
    ++into.compared;
    if (!breaks(cost_of(point), *best)) continue;
    into.violations.push_back(violation_of("native <= algorithms", native, point.bytes, cost_of(point), *best,
                                           fmt::format("of {}: the library chooses badly", best->algorithm)));
  }
}

bool has_pauses(const Curve& curve) {
  return std::any_of(curve.points.begin(), curve.points.end(), [](const CurvePoint& p) { return p.with_pauses; });
}

}  // namespace

GuidelineCheck check_guidelines(const std::vector<Curve>& curves) {
  GuidelineCheck all;
  for (const Curve& curve : curves) {
    Group group;
    for (const Curve& other : curves)
      if (Group::of_one(curve, other)) group.curves.push_back(&other);
    // A rate's reciprocal is no time of a message, and one with pauses is not of the messages alone.
    if (curve.operation != "stream" && !has_pauses(curve)) {
      check_monotony(curve, all);
      check_splitting(curve, all);
    }
    for (const Guideline& guideline : guidelines()) {
      if (guideline.slower != curve.operation) continue;
      check_guideline(guideline, group, curve, curve.algorithm, all);
      check_guideline(guideline, group, curve, kFastest, all);
    }
    if (curve.algorithm == kNative) check_native(group, curve, all);
  }
  return all;
}

}  // namespace weft
