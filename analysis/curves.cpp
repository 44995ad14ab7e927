#include "analysis/curves.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>

#include "statistics/fit.hpp"
#include <fmt/format.h>

#include "results/summary.hpp"

namespace weft {

namespace {

/// All of one size: a time for each launch, and the interval within the only one.
struct Collected {
  std::vector<double> times;
  Interval within;
  const Record* last = nullptr;
};

bool belongs_to(const Record& record, const Curve& curve) {
  return record.pattern == curve.pattern && record.operation == curve.operation &&
         record.algorithm == curve.algorithm && record.transport == curve.transport && record.ranks == curve.ranks &&
         record.dtype == curve.dtype && record.op == curve.op && record.in_place == curve.in_place;
}

/// What the pattern loggp notes of its round trips.
void add_loggp_notes(const Record& record, CurvePoint& point) {
  if (record.pattern != "loggp") return;
  const std::string messages = note_of(record, "messages");
  std::from_chars(messages.data(), messages.data() + messages.size(), point.messages);
  point.with_pauses = !note_of(record, "pause_ns").empty();
}

FittedSegment segment_of(const LineSegment& line, Bytes from, Bytes to) {
  return {from, to, line.intercept, line.slope};
}

}  // namespace

bool is_on_curve(const Record& record) {
  return record.pattern != "moe" && record.pattern != "pipeline" && record.pattern != "congest";
}

CurvePoint over_launches(Bytes bytes, std::vector<double> times, const Interval& within) {
  std::sort(times.begin(), times.end());
  CurvePoint point;
  point.bytes = bytes;
  point.time_us = quantile_of_sorted(times, 0.5);
  point.interval_us = {point.time_us, point.time_us};
  if (times.size() == 1) {
    point.has_interval = within.low > 0 && within.high > 0;
    if (point.has_interval) point.interval_us = within;
    return point;
  }
  const std::optional<Interval> between = quantile_interval(times, 0.5, static_cast<double>(times.size()));
  point.interval_us = between.value_or(Interval{times.front(), times.back()});
  point.has_interval = true;
  return point;
}

std::string Curve::title() const {
  std::string text =
      fmt::format("{}, {} over {}, {} ranks", pattern == operation ? operation : pattern + " " + operation, algorithm,
                  transport, ranks);
  if (!dtype.empty()) text += fmt::format(", {}{}{}", dtype, op.empty() ? "" : " ", op);
  return text + (in_place ? ", in place" : "");
}

std::vector<Curve> curves_of(const ResultSet& set) {
  std::vector<const Record*> records;
  for (const Launch& launch : set.launches)
    for (const Record& record : launch.run.records)
      if (is_on_curve(record) && record.has_time()) records.push_back(&record);
  // The number of a point is its place in the plan; rows stand in the order in which they were measured.
  std::stable_sort(records.begin(), records.end(),
                   [](const Record* a, const Record* b) { return a->point < b->point; });
  std::vector<Curve> curves;
  std::vector<std::map<Bytes, Collected>> collected;
  for (const Record* record : records) {
    const auto known =
        std::find_if(curves.begin(), curves.end(), [&](const Curve& curve) { return belongs_to(*record, curve); });
    const auto index = static_cast<std::size_t>(known - curves.begin());
    if (known == curves.end()) {
      curves.push_back({record->pattern,
                        record->operation,
                        record->algorithm,
                        record->transport,
                        record->ranks,
                        record->dtype,
                        record->op,
                        record->in_place,
                        {}});
      collected.emplace_back();
    }
    Collected& size = collected[index][record->bytes_per_rank];
    size.times.push_back(record->time_us());
    size.within = {record->time_us_median_low, record->time_us_median_high};
    size.last = record;
  }
  for (std::size_t i = 0; i < curves.size(); ++i)
    for (const auto& [bytes, all] : collected[i]) {
      curves[i].points.push_back(over_launches(bytes, all.times, all.within));
      add_loggp_notes(*all.last, curves[i].points.back());
    }
  return curves;
}

double FittedSegment::bandwidth_gbps() const {
  constexpr double kBytesPerUsOfOneGBps = 1e3;
  return us_per_byte > 0 ? 1 / us_per_byte / kBytesPerUsOfOneGBps : std::numeric_limits<double>::infinity();
}

std::optional<CurveFit> fit_of(const Curve& curve) {
  constexpr std::size_t kFewest = 3;
  std::vector<double> sizes;
  std::vector<double> times;
  std::vector<Bytes> bytes;
  for (const CurvePoint& point : curve.points) {
    if (point.bytes == 0) continue;  // nothing is sent: often another protocol than for a byte
    bytes.push_back(point.bytes);
    sizes.push_back(static_cast<double>(point.bytes));
    times.push_back(point.time_us);
  }
  if (bytes.size() < kFewest) return std::nullopt;
  CurveFit fit;
  fit.hockney = segment_of(fit_line(sizes, times), bytes.front(), bytes.back());
  fit.half_bytes = fit.hockney.us_per_byte > 0 ? fit.hockney.latency_us / fit.hockney.us_per_byte
                                               : std::numeric_limits<double>::infinity();
  for (const LineSegment& line : fit_segments(sizes, times)) {
    if (!fit.pieces.empty()) fit.breaks.push_back(bytes[line.first]);
    fit.pieces.push_back(segment_of(line, bytes[line.first], bytes[line.last - 1]));
    for (std::size_t i = line.first; i < line.last; ++i)
      fit.worst_residual =
          std::max(fit.worst_residual, std::abs((line.intercept + line.slope * sizes[i]) / times[i] - 1));
  }
  return fit;
}

}  // namespace weft
