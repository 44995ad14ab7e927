#include "patterns/fitness.hpp"

#include <cmath>
#include <functional>
#include <limits>

namespace weft {

namespace {

constexpr double kLeastFactor = 1e-9;
constexpr double kMostFactor = 1e9;  ///< as good as infinite
constexpr int kHalvings = 80;        ///< of 18 orders of magnitude, which leaves less than a double's precision

Fitness fitness_of(double share, bool all_known, const FitLimits& limits) {
  if (share > limits.marginal) return Fitness::does_not_fit;
  if (!all_known) return Fitness::not_known;
  return share > limits.fits ? Fitness::marginal : Fitness::fits;
}

/// The least factor at which the share is within the limit. It falls with the factor.
std::optional<double> least_factor(const std::function<double(double)>& share_at, double limit) {
  if (share_at(kMostFactor) > limit) return {};
  if (share_at(kLeastFactor) <= limit) return kLeastFactor;
  double low = std::log(kLeastFactor);
  double high = std::log(kMostFactor);
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    (share_at(std::exp(middle)) > limit ? low : high) = middle;
  }
  return std::exp(high);
}

bool is_worse(const FitReport& report, std::size_t row, std::size_t than) {
  const double share = report.estimate.share(report.estimate.rows[row]);
  const double other = report.estimate.share(report.estimate.rows[than]);
  if (share != other) return share > other;
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  return report.rows[row].needed.value_or(kInfinite) > report.rows[than].needed.value_or(kInfinite);
}

}  // namespace

const char* name_of(Fitness fitness) {
  switch (fitness) {
    case Fitness::fits:
      return "fits";
    case Fitness::marginal:
      return "marginal";
    case Fitness::does_not_fit:
      return "does not fit";
    case Fitness::not_known:
      return "not known";
  }
  return "";
}

FitReport judge(const StepProblem& problem, const FitLimits& limits) {
  FitReport report{.estimate = estimate_step(problem), .rows = {}, .overall = {}, .needed = {}, .binding = {}};
  const std::size_t count = problem.rows.size();
  bool all_known = true;
  for (std::size_t i = 0; i < count; ++i) {
    const bool known = problem.rows[i].unknown.empty();
    all_known &= known;
    const auto share_at = [&](double factor) {
      std::vector<double> factors(count, 1);
      factors[i] = factor;
      const StepEstimate estimate = estimate_step(problem, factors);
      return estimate.share(estimate.rows[i]);
    };
    report.rows.push_back({fitness_of(report.estimate.share(report.estimate.rows[i]), known, limits),
                           least_factor(share_at, limits.fits)});
    if (!report.binding || is_worse(report, i, *report.binding)) report.binding = i;
  }
  report.overall = fitness_of(report.estimate.lost(), all_known, limits);
  report.needed = least_factor(
      [&](double factor) { return estimate_step(problem, std::vector<double>(count, factor)).lost(); }, limits.fits);
  return report;
}

}  // namespace weft
