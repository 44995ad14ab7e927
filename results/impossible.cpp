#include "results/impossible.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/text.hpp"

namespace weft {

namespace {

constexpr double kRounding = 1 + 1e-9;  // of the 10 digits in the file

std::string number_text(double value) { return fmt::format("{:.10g}", value); }

/// Two times of a row of which the first is at most the second, where both apply.
struct Order {
  const char* low_name;
  double Record::*low;
  const char* high_name;
  double Record::*high;
};

constexpr Order kOrders[] = {
    {"time_us_min", &Record::time_us_min, "time_us_p05", &Record::time_us_p05},
    {"time_us_min", &Record::time_us_min, "time_us_median", &Record::time_us_median},
    {"time_us_min", &Record::time_us_min, "time_us_mean", &Record::time_us_mean},
    {"time_us_median_low", &Record::time_us_median_low, "time_us_median", &Record::time_us_median},
    {"time_us_p05", &Record::time_us_p05, "time_us_median", &Record::time_us_median},
    {"time_us_median", &Record::time_us_median, "time_us_median_high", &Record::time_us_median_high},
    {"time_us_median", &Record::time_us_median, "time_us_p95", &Record::time_us_p95},
    {"time_us_p95", &Record::time_us_p95, "time_us_p99", &Record::time_us_p99},
    {"time_us_p99", &Record::time_us_p99, "time_us_p999", &Record::time_us_p999},
    {"time_us_p999", &Record::time_us_p999, "time_us_max", &Record::time_us_max},
    {"time_us_median", &Record::time_us_median, "time_us_max", &Record::time_us_max},
    {"time_us_mean", &Record::time_us_mean, "time_us_max", &Record::time_us_max}};

std::string disorder(const Record& r) {
  for (const Order& order : kOrders) {
    const double low = r.*order.low;
    const double high = r.*order.high;
    if (low > 0 && high > 0 && low > high * kRounding)
      return fmt::format("{} {:.10g} is more than {} {:.10g}", order.low_name, low, order.high_name, high);
  }
  return {};
}

/// A column of words of which only some are known; the empty one does not apply.
struct Words {
  const char* name;
  std::string Record::*member;
  std::vector<std::string_view> known;
};

std::string unknown_word(const Record& r) {
  static const std::vector<Words> all = {{"status", &Record::status, {"ok", "wrong", "refused", "failed"}},
                                         {"stop", &Record::stop, {"", "interval", "budget", "iterations"}},
                                         {"sync", &Record::sync, {"", "round-time", "barrier", "native", "none"}},
                                         {"cache", &Record::cache, {"", "rotate", "hot", "fresh", "flush"}}};
  for (const Words& words : all) {
    const std::string& word = r.*words.member;
    if (std::find(words.known.begin(), words.known.end(), word) == words.known.end())
      return fmt::format("{}, which is one of {}", cannot_be(words.name, word), fmt::join(words.known, " "));
  }
  return {};
}

/// `wrong` is a count, or n/a, or empty; and agrees with the status.
std::string impossible_wrong(const Record& r) {
  if (r.wrong.empty() || r.wrong == "n/a")
    return r.status == "wrong" ? cannot_be("wrong", r.wrong) + " where the status is wrong" : "";
  const auto count = whole_number<std::uint64_t>(r.wrong);
  if (!count) return cannot_be("wrong", r.wrong) + ", which is a count or n/a";
  const bool agrees = r.status == "wrong" ? *count > 0 : r.status != "ok" || *count == 0;
  return agrees ? "" : fmt::format("{} where the status is {}", cannot_be("wrong", r.wrong), r.status);
}

/// Each bandwidth is bytes over the row's own time.
std::string impossible_bandwidth(const Record& r) {
  constexpr double kTolerance = 1e-6;
  constexpr double kBytesPerUsOfOneGBps = 1e3;
  struct Rate {
    const char* name;
    double value;
    Bytes bytes;
    double time_us;
  };
  for (const Rate& rate :
       {Rate{"algbw_GBps", r.algbw_gbps, r.bytes_per_rank, r.time_us()},
        {"wirebw_GBps", r.wirebw_gbps, r.wire_bytes, r.time_us_median},
        {"logicalbw_GBps", r.logicalbw_gbps, r.logical_bytes, r.time_us_median},
        {"internodebw_GBps", r.internodebw_gbps, known_bytes(r.wire_bytes_between_nodes), r.time_us_median},
        {"intranodebw_GBps", r.intranodebw_gbps, known_bytes(r.wire_bytes_inside_node), r.time_us_median}}) {
    if (!(rate.value > 0) || !(rate.time_us > 0)) continue;
    const double right = static_cast<double>(rate.bytes) / rate.time_us / kBytesPerUsOfOneGBps;
    if (std::abs(rate.value - right) > kTolerance * right)
      return fmt::format("{}: {} B in {:.10g} us are {:.10g}", cannot_be(rate.name, number_text(rate.value)),
                         rate.bytes, rate.time_us, right);
  }
  if (r.algbw_gbps > 0 && r.busbw_gbps > 2 * r.algbw_gbps * kRounding)
    return cannot_be("busbw_GBps", number_text(r.busbw_gbps)) + ", which is at most twice algbw_GBps";
  return {};
}

/// What each number has to stay below or above, whatever the others are.
std::string out_of_bounds(const Record& r) {
  if (r.point < 0) return cannot_be("point", "");
  if (r.ranks < 1) return cannot_be("ranks", std::to_string(r.ranks));
  if (r.batch < 1) return cannot_be("batch", std::to_string(r.batch));
  if (r.effective_n > r.iterations) return cannot_be("effective_n", number_text(r.effective_n));
  if (r.outliers > r.iterations) return cannot_be("outliers", std::to_string(r.outliers));
  if (r.slowest_rank >= r.ranks)
    return fmt::format("{}: there are {} ranks", cannot_be("slowest_rank", std::to_string(r.slowest_rank)), r.ranks);
  for (const auto& [name, value] : {std::pair("slowest_share", r.slowest_share),
                                    {"invalid_share", r.invalid_share},
                                    {"steal_share", r.steal_share},
                                    {"bubble", r.bubble},
                                    {"bubble_formula", r.bubble_formula}})
    if (value > 1) return cannot_be(name, number_text(value));
  return {};
}

}  // namespace

std::string cannot_be(std::string_view column, std::string_view value) {
  return fmt::format("'{}' is no value for the column {}", value, column);
}

std::string impossible(const Record& record) {
  for (const auto check : {unknown_word, out_of_bounds, impossible_wrong, disorder, impossible_bandwidth})
    if (std::string problem = check(record); !problem.empty()) return problem;
  return {};
}

}  // namespace weft
