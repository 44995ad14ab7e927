#include "analysis/impact.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "results/summary.hpp"

namespace weft {

namespace {

constexpr const char* kAlone = "alone";
constexpr const char* kClockStart = "round-time";

bool is_alone(const Record& record) { return record.pattern == "congest" && record.algorithm == kAlone; }

/// The row of the same victim when the others were idle.
const Record* alone_of(const Record& beside, const std::vector<Record>& records) {
  const auto found = std::find_if(records.begin(), records.end(), [&](const Record& record) {
    Record same = beside;
    same.algorithm = kAlone;
    return is_alone(record) && record.key() == same.key();
  });
  return found == records.end() ? nullptr : &*found;
}

std::string why_no_figure(const Record& record) {
  if (record.status != "ok") return fmt::format("{}: {}", record.status, record.reason);
  if (!record.is_usable(record.time_us_median)) return "not measured";
  // Alone a time holds how unevenly the ranks leave a barrier; beside, the lead hides a part of it.
  if (record.sync == kClockStart) return {};
  return fmt::format("started by {}, not by the common clock{}", record.sync,
                     record.oversubscribed ? ": there are more ranks than cores" : "");
}

Impact impact_of(const Record& beside, const Record* alone) {
  Impact impact;
  impact.alone = alone;
  impact.beside = &beside;
  impact.why_none = why_no_figure(beside);
  if (!impact.why_none.empty()) return impact;
  if (alone == nullptr) {
    impact.why_none = "the victim was not measured alone";
    return impact;
  }
  if (const std::string why = why_no_figure(*alone); !why.empty()) {
    impact.why_none = fmt::format("alone: {}", why);
    return impact;
  }
  impact.median = beside.time_us_median / alone->time_us_median;
  if (beside.time_us_median_low > 0 && alone->time_us_median_low > 0)
    impact.interval = Interval{beside.time_us_median_low / alone->time_us_median_high,
                               beside.time_us_median_high / alone->time_us_median_low};
  // What outlasted its load would be in the tail.
  const bool whole = note_of(beside, kUncoveredNote).empty();
  if (whole && beside.time_us_p99 > 0 && alone->time_us_p99 > 0) impact.p99 = beside.time_us_p99 / alone->time_us_p99;
  return impact;
}

}  // namespace

std::vector<Impact> impacts_of(const std::vector<Record>& records) {
  std::vector<Impact> impacts;
  for (const Record& record : records)
    if (record.pattern == "congest" && !is_alone(record))
      impacts.push_back(impact_of(record, alone_of(record, records)));
  return impacts;
}

}  // namespace weft
