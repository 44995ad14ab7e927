#include "analysis/curve_time.hpp"

#include <algorithm>

namespace weft {

namespace {

/// On the straight line through two points; with a slope that is none, all of it is latency.
TimeOfSize on_line(const CurvePoint& from, const CurvePoint& to, double bytes, CurvePlace place) {
  const auto width = static_cast<double>(to.bytes - from.bytes);
  const double slope = (to.time_us - from.time_us) / width;
  const double time = from.time_us + slope * (bytes - static_cast<double>(from.bytes));
  const double latency = std::clamp(time - slope * bytes, 0.0, std::max(0.0, time));
  return {.latency_us = latency, .transfer_us = time - latency, .place = place};
}

/// Smaller than all sizes.
TimeOfSize below_all(const std::vector<CurvePoint>& points, double bytes) {
  const CurvePoint& smallest = points.front();
  const double least = smallest.time_us * bytes / static_cast<double>(smallest.bytes);
  if (points.size() == 1)
    return {.latency_us = smallest.time_us - least, .transfer_us = least, .place = CurvePlace::below};
  TimeOfSize time = on_line(smallest, points[1], bytes, CurvePlace::below);
  if (time.us() < least) time = {.latency_us = 0, .transfer_us = least, .place = CurvePlace::below};
  return time;
}

}  // namespace

TimeOfSize time_of_size(const Curve& curve, double bytes) {
  std::vector<CurvePoint> points;  // a call of nothing is none
  std::copy_if(curve.points.begin(), curve.points.end(), std::back_inserter(points),
               [](const CurvePoint& point) { return point.bytes > 0; });
  const CurvePoint& smallest = points.front();
  const CurvePoint& largest = points.back();
  if (bytes < static_cast<double>(smallest.bytes)) return below_all(points, bytes);
  if (bytes > static_cast<double>(largest.bytes)) {
    if (points.size() > 1 && largest.time_us > points[points.size() - 2].time_us)
      return on_line(points[points.size() - 2], largest, bytes, CurvePlace::beyond);
    return {.latency_us = 0,
            .transfer_us = largest.time_us * bytes / static_cast<double>(largest.bytes),
            .place = CurvePlace::beyond};
  }
  if (points.size() == 1) return {.latency_us = 0, .transfer_us = largest.time_us, .place = CurvePlace::within};
  const auto next = std::find_if(points.begin() + 1, points.end() - 1,
                                 [&](const CurvePoint& point) { return bytes <= static_cast<double>(point.bytes); });
  return on_line(*(next - 1), *next, bytes, CurvePlace::within);
}

}  // namespace weft
