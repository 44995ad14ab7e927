#include "results/summary.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "statistics/quantile.hpp"

namespace weft {

namespace {

constexpr double kNsPerUs = 1000;

void summarise_times(const Samples& samples, Record& record) {
  std::vector<double> sorted = samples.completion;
  std::sort(sorted.begin(), sorted.end());
  const double sum = std::accumulate(sorted.begin(), sorted.end(), 0.0);
  record.time_us_median = quantile_of_sorted(sorted, 0.5) / kNsPerUs;
  record.time_us_p05 = quantile_of_sorted(sorted, 0.05) / kNsPerUs;
  record.time_us_p95 = quantile_of_sorted(sorted, 0.95) / kNsPerUs;
  record.time_us_min = sorted.front() / kNsPerUs;
  record.time_us_max = sorted.back() / kNsPerUs;
  record.time_us_mean = sum / static_cast<double>(sorted.size()) / kNsPerUs;
  record.time_us_mean_of_ranks = samples.mean_of_ranks_ns / kNsPerUs;
  record.time_us_rank_min = samples.fastest_rank_mean_ns / kNsPerUs;
  record.time_us_rank_max = samples.slowest_rank_mean_ns / kNsPerUs;
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

}  // namespace

void summarise(const Samples& samples, double busbw_factor, Record& record) {
  record.wrong = samples.checked ? std::to_string(samples.wrong) : "n/a";
  record.status = samples.checked && samples.wrong > 0 ? "wrong" : "ok";
  if (!samples.checked && record.reason.empty()) record.reason = samples.unchecked_reason;
  record.warmup = samples.warmup;
  record.time_us_first = samples.first_ns / kNsPerUs;
  record.iterations = static_cast<int>(samples.completion.size());
  if (samples.completion.empty()) return;

  summarise_times(samples, record);
  summarise_slowest(samples.slowest, record);
  const double median_ns = record.time_us_median * kNsPerUs;
  record.algbw_gbps = gigabytes_per_second(record.bytes_per_rank, median_ns);
  record.busbw_gbps = record.algbw_gbps * busbw_factor;
  record.wirebw_gbps = gigabytes_per_second(record.wire_bytes, median_ns);
  record.logicalbw_gbps = gigabytes_per_second(record.logical_bytes, median_ns);
}

}  // namespace weft
