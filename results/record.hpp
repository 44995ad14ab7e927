#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "core/units.hpp"

namespace weft {

/// 0 where the bytes are not known (-1).
inline Bytes known_bytes(std::int64_t bytes) { return bytes < 0 ? 0 : static_cast<Bytes>(bytes); }

/// One row of points.csv: every column is documented in docs/results.md. A value that does not apply keeps its default
/// here and is an empty field there (results/columns.hpp).
struct Record {
  int point = -1;  ///< the point's number in the plan, the same in every launch; the key of samples.csv
  std::string pattern, operation, algorithm, transport;
  int ranks = 0;
  bool in_place = false;
  std::string dtype, op;
  Bytes bytes_per_rank = 0, bytes_per_peer = 0, wire_bytes = 0, logical_bytes = 0;
  int iterations = 0, warmup = 0;  ///< iterations: valid samples
  int batch = 1;                   ///< calls per sample; above 1 there are no percentiles
  double effective_n = 0;          ///< independent samples that the series is worth
  double time_us_median = 0, time_us_min = 0, time_us_max = 0, time_us_mean = 0;
  double time_us_median_low = 0, time_us_median_high = 0;  ///< 95 % interval of the median; 0: too few samples
  double time_us_p05 = 0, time_us_p95 = 0, time_us_p99 = 0, time_us_p999 = 0;  ///< 0: too few samples
  double time_us_mean_of_ranks = 0;                                            ///< OSU's figure
  double time_us_rank_min = 0, time_us_rank_max = 0;  ///< fastest and slowest rank's own mean: IMB's t_min and t_max
  double time_us_first = 0;
  double algbw_gbps = 0, busbw_gbps = 0, wirebw_gbps = 0, logicalbw_gbps = 0;
  double imbalance = 0;
  double bubble = -1, bubble_formula = -1;
  int slowest_rank = -1;
  int outliers = 0;  ///< samples beyond the third quartile + 3 interquartile ranges: counted, never dropped
  double slowest_share = 0;
  double invalid_share = 0;  ///< samples of which a rank started late, over all samples
  std::string sync;          ///< what started the ranks together: round-time, barrier, native, none
  double start_skew_us = 0;  ///< median over the samples of last start - first start
  double clock_bound_us = 0, clock_closure_us = 0;  ///< of the ranks' common time base; 0: one clock
  std::string stop;                                 ///< why no more was measured: interval, budget, iterations
  std::int64_t switches_voluntary = -1, switches_involuntary = -1;  ///< of all ranks while timed; -1: not known
  double steal_share = -1;  ///< of the CPU time of the ranks' hosts, taken by others; -1: not known
  std::string wrong;        ///< a number, or "n/a" where it was not checked
  std::string cache;        ///< rotate, hot, fresh or flush; empty on a simulated fabric, which has no caches
  bool oversubscribed = false;
  bool steady = true;  ///< false: no steady state was reached
  std::string status;  ///< ok, wrong, refused, failed
  std::string reason;
  std::string notes;                                                        ///< key=value pairs joined by ';'
  std::int64_t wire_bytes_between_nodes = -1, wire_bytes_inside_node = -1;  ///< -1: not known
  double internodebw_gbps = 0, intranodebw_gbps = 0;

  /// What identifies the point, known before it is measured: all that --resume compares.
  std::string key() const;

  /// Whether there are times: a refused point has none, a failed one may have some.
  bool measured() const { return iterations > 0; }

  /// The figure that stands for the point: the median; of an imported row without one (NaN, as all times that its log
  /// does not tell) the mean over the ranks.
  double time_us() const { return std::isnan(time_us_median) ? time_us_mean_of_ranks : time_us_median; }

  /// Whether its times are to go by: measured, and of the right data.
  bool is_good() const { return measured() && status == "ok"; }

  /// The same of one of its times, which must be told besides: else it is 0, or NaN.
  bool is_usable(double time) const { return is_good() && time > 0; }
  bool has_time() const { return is_usable(time_us()); }
};

}  // namespace weft
