#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "statistics/two_samples.hpp"

#include "results/record.hpp"

namespace weft {

/// The figure of a row that is compared. A percentile is n/a in rows of too few samples.
enum class Metric { median, p95, p99, min, mean, mean_of_ranks };

/// Throws UsageError naming the nearest one.
Metric find_metric(std::string_view name);
std::string_view name_of(Metric metric);

/// In us; nothing where the row has no such figure, or one of wrong data.
std::optional<double> value_of(const Record& record, Metric metric);

/// The rules of a comparison; docs/comparing.md says why they are so.
struct CompareRules {
  double threshold = 0.03;  ///< the smallest relative slow-down that is of interest
  Metric metric = Metric::median;
  double confidence = 0.95;            ///< of the ratio's interval
  double false_discovery_rate = 0.05;  ///< Benjamini and Hochberg's q over the points
};

/// What is said of one point, the worst first.
enum class Verdict { wrong_data, missing, regressed, incomparable, inconclusive, added, improved, same };

/// "wrong data", "missing", "regressed", "incomparable", "inconclusive", "new", "improved", "same".
std::string_view name_of(Verdict verdict);

/// One point of two result sets, and what can be said of it.
struct PointComparison {
  Record point;                        ///< a row of it: what identifies the point, and its place in the plan
  std::vector<double> base, now;       ///< us: the metric of each launch that has it
  double base_time = 0, new_time = 0;  ///< us: medians of these; 0 where there are none
  RatioEstimate ratio;                 ///< new / base
  double p_value = 1;
  bool significant = false;              ///< after the correction for the number of points
  double floor = 0;                      ///< the smallest excess that counts: the threshold, or the timer's resolution
  double minimum_detectable_effect = 0;  ///< relative
  std::size_t launches_needed = 0;       ///< where inconclusive: of each set; 0: not known
  Verdict verdict = Verdict::inconclusive;
  std::string reason;  ///< one sentence where the verdict does not follow from the figures

  /// Whether there are figures on both sides, so that the point is one of those tested.
  bool tested() const { return !base.empty() && !now.empty(); }
};

/// In how many of the launches that were to measure it a point has a figure.
struct Share {
  std::size_t count = 0, of = 0;

  bool whole() const { return count == of; }
};

/// Whether NEW has lost a point that BASE has: it is without a figure in all launches, or in some though in none of
/// BASE, or in more than in BASE by Fisher's exact test (one-sided) at `level`.
bool is_missing(const Share& base, const Share& now, double level);

/// Whether NEW is without a figure in a larger share of its launches than BASE, be it by chance.
bool lost_more(const Share& base, const Share& now);

/// The smallest p-value that the exact test can give: 2 / C(n_a + n_b, n_a).
double smallest_p(std::size_t n_a, std::size_t n_b);

/// Times, ratio, interval and p-value of a point whose `base` and `now` are filled. `resolution_us`: of the timer, 0
/// where it is not known.
void estimate(PointComparison& point, const CompareRules& rules, double resolution_us);

/// The verdict of an estimated point. `alpha` is the level at which a difference of this point would have been found
/// significant.
void judge(PointComparison& point, const CompareRules& rules, double alpha);

/// judge of all the estimated points among them, with Benjamini and Hochberg's correction. A point that is not
/// significant would have been if its p-value had been at most q (R + 1) / m, where R of the m points are: that is the
/// level at which its minimum detectable effect is taken, which is returned.
double judge_together(std::span<PointComparison*> tested, const CompareRules& rules);

}  // namespace weft
