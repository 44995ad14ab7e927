#include "imports/possible.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/units.hpp"

namespace weft {

namespace {

constexpr double kLongestUs = 365.0 * 24 * 3600 * 1e6;
constexpr double kFastest = 1e8;         // B/us, 100 TB/s: ten times what the fastest link of a rank carries
constexpr Bytes kLargestIn0 = 64;        // B
constexpr double kLastDigit = 0.01;      // us: of figures that were rounded each for itself
constexpr std::size_t kMostDigits = 18;  // of a count of wrong elements

/// The longest of the times; 0 where none is known.
double longest_of(const Record& r) {
  double longest = 0;
  for (const double time :
       {r.time_us_median, r.time_us_max, r.time_us_mean_of_ranks, r.time_us_rank_min, r.time_us_rank_max})
    if (time > longest) longest = time;
  return longest;
}

/// Two times of which the first is at most the second; either may be unknown.
struct Order {
  const char* low_name;
  double low;
  const char* high_name;
  double high;
};

void expect_order(const Log& log, const ImportedPoint& point) {
  const Record& r = point.record;
  for (const Order& order : {Order{"fastest", r.time_us_rank_min, "slowest", r.time_us_rank_max},
                             Order{"fastest", r.time_us_rank_min, "mean", r.time_us_mean_of_ranks},
                             Order{"mean", r.time_us_mean_of_ranks, "slowest", r.time_us_rank_max}})
    if (order.low > order.high + kLastDigit)
      refuse_log(log, point.line,
                 fmt::format("the time of the {} rank, {:.10g} us, is more than that of the {}, {:.10g} us",
                             order.low_name, order.low, order.high_name, order.high));
}

void expect_time(const Log& log, const ImportedPoint& point) {
  const Record& r = point.record;
  if (longest_of(r) > kLongestUs)
    refuse_log(log, point.line, fmt::format("a time of {:.10g} us is more than a year", longest_of(r)));
  if (r.ranks < 2) return;  // there a library may do nothing at all, whatever the size
  if (r.time_us() == 0 && point.size > kLargestIn0)
    refuse_log(log, point.line,
               fmt::format("{} B took 0.00 us: so little time is possible for {} B at most", point.size, kLargestIn0));
  if (r.time_us() > 0 && static_cast<double>(point.size) / r.time_us() > kFastest)
    refuse_log(
        log, point.line,
        fmt::format("{} B in {:.10g} us are more than 100 TB/s, which nothing carries", point.size, r.time_us()));
}

}  // namespace

Bytes whole_of_blocks(Bytes size, int ranks) {
  const auto count = static_cast<Bytes>(ranks);
  return size > kLargestBuffer / std::max<Bytes>(count, 1) ? kLargestBuffer + 1 : size * count;
}

void expect_possible(const Log& log, const ImportedPoint& point) {
  const Record& r = point.record;
  if (r.bytes_per_rank > kLargestBuffer)
    refuse_log(log, point.line,
               fmt::format("a size of {} B makes a rank's buffer larger than 1 PiB, which nothing has", point.size));
  if (r.wrong != "n/a" && r.wrong.size() > kMostDigits)
    refuse_log(log, point.line, fmt::format("'{}' is no number of wrong elements", r.wrong));
  expect_order(log, point);
  expect_time(log, point);
}

}  // namespace weft
