#include "results/summary.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>

#include "statistics/autocorrelation.hpp"
#include "statistics/quantile.hpp"
#include <fmt/format.h>

#include "core/text.hpp"

namespace weft {

namespace {

constexpr double kNsPerUs = 1000;

/// The valid ones of a vector with an element per sample.
template <typename Value>
std::vector<Value> valid_of(const std::vector<Value>& values, const std::vector<char>& valid) {
  if (valid.empty()) return values;
  std::vector<Value> chosen;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (valid[i] != 0) chosen.push_back(values[i]);
  return chosen;
}

/// 0 where the series is worth too few independent samples to say.
double percentile_us(const std::vector<double>& sorted, double q, double effective_n) {
  const bool enough = effective_n >= static_cast<double>(samples_for_percentile(std::max(q, 1 - q)));
  return enough ? quantile_of_sorted(sorted, q) / kNsPerUs : 0;
}

/// Values more than three interquartile ranges above the third quartile (Tukey's outer fence).
int count_outliers(const std::vector<double>& sorted) {
  const double third = quantile_of_sorted(sorted, 0.75);
  const double fence = third + 3 * (third - quantile_of_sorted(sorted, 0.25));
  return static_cast<int>(sorted.end() - std::upper_bound(sorted.begin(), sorted.end(), fence));
}

void summarise_times(const std::vector<double>& series, Record& record) {
  std::vector<double> sorted = series;
  std::sort(sorted.begin(), sorted.end());
  const double sum = std::accumulate(sorted.begin(), sorted.end(), 0.0);
  record.effective_n = effective_sample_size(series);
  record.time_us_median = quantile_of_sorted(sorted, 0.5) / kNsPerUs;
  const std::optional<Interval> interval = quantile_interval(sorted, 0.5, record.effective_n);
  record.time_us_median_low = interval ? interval->low / kNsPerUs : 0;
  record.time_us_median_high = interval ? interval->high / kNsPerUs : 0;
  record.time_us_min = sorted.front() / kNsPerUs;
  record.time_us_max = sorted.back() / kNsPerUs;
  record.time_us_mean = sum / static_cast<double>(sorted.size()) / kNsPerUs;
  record.outliers = count_outliers(sorted);
  const bool single = record.batch == 1;  // the mean of a batch has no percentiles of a call
  record.time_us_p05 = single ? percentile_us(sorted, 0.05, record.effective_n) : 0;
  record.time_us_p95 = single ? percentile_us(sorted, 0.95, record.effective_n) : 0;
  record.time_us_p99 = single ? percentile_us(sorted, 0.99, record.effective_n) : 0;
  record.time_us_p999 = single ? percentile_us(sorted, 0.999, record.effective_n) : 0;
}

/// The rank that was slowest most often; the lower one where two are equally often.
void summarise_slowest(const std::vector<int>& slowest, Record& record) {
  if (slowest.empty()) return;
  std::map<int, int> times;
  for (const int rank : slowest) ++times[rank];
  const auto most =
      std::max_element(times.begin(), times.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  record.slowest_rank = most->first;
  record.slowest_share = static_cast<double>(most->second) / static_cast<double>(slowest.size());
}

void copy_conditions(const Samples& samples, Record& record) {
  record.warmup = samples.warmup;
  record.batch = samples.batch;
  record.sync = samples.sync;
  record.stop = samples.stop;
  record.steady = samples.steady;
  record.clock_bound_us = samples.clock_bound_ns / kNsPerUs;
  record.clock_closure_us = samples.clock_closure_ns / kNsPerUs;
  record.switches_voluntary = samples.disturbance.switches_voluntary;
  record.switches_involuntary = samples.disturbance.switches_involuntary;
  record.steal_share = samples.disturbance.steal_share;
  record.time_us_first = samples.first_ns / kNsPerUs;
  record.time_us_mean_of_ranks = samples.mean_of_ranks_ns / kNsPerUs;
  record.time_us_rank_min = samples.fastest_rank_mean_ns / kNsPerUs;
  record.time_us_rank_max = samples.slowest_rank_mean_ns / kNsPerUs;
}

void add_reason(const std::string& reason, Record& record) {
  record.reason += (record.reason.empty() ? "" : "; ") + reason;
}

std::size_t uncovered_samples(const Samples& samples) {
  return static_cast<std::size_t>(std::count(samples.uncovered.begin(), samples.uncovered.end(), char{1}));
}

void judge(const Samples& samples, Record& record) {
  record.wrong = samples.checked ? std::to_string(samples.wrong) : "n/a";
  record.status = samples.checked && samples.wrong > 0 ? "wrong" : "ok";
  if (!samples.checked && record.reason.empty()) record.reason = samples.unchecked_reason;
  const std::size_t all = samples.completion.size();
  const std::size_t late = late_samples(samples);
  if (too_many_late(late, all)) {
    if (record.status == "ok") record.status = "failed";
    // The victims of congest are late on purpose, by the common clock.
    const bool may_use_barrier = record.sync != "barrier" && record.pattern != "congest";
    add_reason(fmt::format("{:.0f} % of the {} samples started late{}",
                           100 * static_cast<double>(late) / static_cast<double>(all), all,
                           may_use_barrier ? ": try --sync barrier" : ""),
               record);
  } else if (too_many_late(uncovered_samples(samples), all)) {
    if (record.status == "ok") record.status = "failed";
    add_reason(fmt::format("beside {} of the {} samples the load did not run from start to end",
                           uncovered_samples(samples), all),
               record);
  } else if (record.measured() && start_uncertainty(record) > kMostStartUncertainty) {
    add_reason(fmt::format("{} {:.0f} % of the median sample",
                           arrival_of(record).empty() ? "bound of the clocks and skew of the start are"
                                                      : "bound of the clocks is",
                           100 * start_uncertainty(record)),
               record);
  }
}

}  // namespace

std::size_t late_samples(const Samples& samples) {
  const auto invalid = static_cast<std::size_t>(std::count(samples.valid.begin(), samples.valid.end(), char{0}));
  return invalid - uncovered_samples(samples);
}

bool too_many_late(std::size_t late, std::size_t all) {
  constexpr double kMostShare = 0.05;
  constexpr std::size_t kByChance = 2;
  return late > kByChance && static_cast<double>(late) > kMostShare * static_cast<double>(all);
}

std::string note_of(const Record& record, std::string_view key) {
  for (const std::string& note : split(record.notes, ';'))
    if (note.size() > key.size() && note.starts_with(key) && note[key.size()] == '=')
      return note.substr(key.size() + 1);
  return {};
}

std::string arrival_of(const Record& record) { return note_of(record, "arrival"); }

double start_uncertainty(const Record& record) {
  if (record.sync == "none") return 0;
  const double uncertain = record.clock_bound_us + (arrival_of(record).empty() ? record.start_skew_us : 0);
  const double sample_us = record.time_us_median * record.batch;
  return uncertain > 0 && sample_us > 0 ? uncertain / sample_us : 0;
}

void summarise(const Samples& samples, double busbw_factor, Record& record) {
  const std::vector<double> series = valid_of(samples.completion, samples.valid);
  record.iterations = static_cast<int>(series.size());
  const std::size_t all = samples.completion.size();
  record.invalid_share = all == 0 ? 0 : static_cast<double>(all - series.size()) / static_cast<double>(all);
  copy_conditions(samples, record);
  if (!series.empty()) {
    summarise_times(series, record);
    summarise_slowest(valid_of(samples.slowest, samples.valid), record);
    const std::vector<Nanoseconds> skews = valid_of(samples.start_skew, samples.valid);
    record.start_skew_us = median({skews.begin(), skews.end()}) / kNsPerUs;
    const double median_ns = record.time_us_median * kNsPerUs;
    record.algbw_gbps = gigabytes_per_second(record.bytes_per_rank, median_ns);
    record.busbw_gbps = record.algbw_gbps * busbw_factor;
    record.wirebw_gbps = gigabytes_per_second(record.wire_bytes, median_ns);
    record.logicalbw_gbps = gigabytes_per_second(record.logical_bytes, median_ns);
    record.internodebw_gbps = gigabytes_per_second(known_bytes(record.wire_bytes_between_nodes), median_ns);
    record.intranodebw_gbps = gigabytes_per_second(known_bytes(record.wire_bytes_inside_node), median_ns);
  }
  if (const std::size_t uncovered = uncovered_samples(samples); uncovered > 0)
    record.notes += fmt::format("{}{}={}", record.notes.empty() ? "" : ";", kUncoveredNote, uncovered);
  judge(samples, record);
}

}  // namespace weft
