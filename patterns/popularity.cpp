#include "patterns/popularity.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <boost/math/distributions/normal.hpp>
#include <boost/math/tools/roots.hpp>
#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"

namespace weft {

namespace {

/// Beyond this an expert would take nearly every token, and drawing distinct ones by rejection gets slow.
constexpr double kMostShare = 0.9;

/// The root of a function that rises from below 0 at `low`; `high` is raised until it is bracketed.
template <typename Function>
double solve(Function function, double low, double high) {
  while (function(high) < 0) high *= 2;
  std::uintmax_t iterations = 100;
  const boost::math::tools::eps_tolerance<double> tolerance(40);
  const auto bracket = boost::math::tools::toms748_solve(function, low, high, tolerance, iterations);
  return (bracket.first + bracket.second) / 2;
}

/// exp(spread x position), scaled to mean 1. Log-normal: positions are normal quantiles, spread is sigma. Power law:
/// minus the logarithms of the place, spread is the exponent.
std::vector<double> spread_out(const std::vector<double>& positions, double spread) {
  std::vector<double> weights(positions.size());
  // The first position is the highest: subtracting it keeps exp() in range.
  for (std::size_t i = 0; i < positions.size(); ++i) weights[i] = std::exp(spread * (positions[i] - positions[0]));
  const double mean = std::accumulate(weights.begin(), weights.end(), 0.0) / static_cast<double>(weights.size());
  for (double& weight : weights) weight /= mean;
  return weights;
}

std::vector<double> positions_of(const std::string& kind, std::uint64_t experts) {
  std::vector<double> positions(experts);
  const boost::math::normal normal;
  for (std::uint64_t i = 0; i < experts; ++i) {
    const double place = static_cast<double>(i);
    positions[i] = kind == "powerlaw" ? -std::log(place + 1)
                                      : boost::math::quantile(normal, 1 - (place + 0.5) / static_cast<double>(experts));
  }
  return positions;
}

}  // namespace

std::vector<double> expected_loads(const std::vector<double>& popularity, std::uint64_t top_k) {
  const auto k = static_cast<double>(top_k);
  std::vector<double> loads(popularity.size(), 1.0);
  if (top_k == popularity.size()) return loads;
  const auto excess = [&](double t) {
    double sum = 0;
    for (const double weight : popularity) sum -= std::expm1(-weight * t);
    return sum - k;
  };
  const double t = solve(excess, 0.0, k / static_cast<double>(popularity.size()));
  for (std::size_t i = 0; i < popularity.size(); ++i) loads[i] = -std::expm1(-popularity[i] * t);
  return loads;
}

std::vector<double> popularity(const RouterOptions& options, std::uint64_t experts, std::uint64_t top_k) {
  const bool skewed = options.kind == "lognormal" || options.kind == "powerlaw";
  if (!skewed && options.kind != "uniform") throw UsageError(unknown_name("router", options.kind, router_kinds()));
  const double mean_load = static_cast<double>(top_k) / static_cast<double>(experts);
  const double most = std::max(1.0, kMostShare / mean_load);
  if (skewed && !(options.value >= 1 && options.value <= most))
    throw UsageError(fmt::format("--router: max/mean {} cannot be had with top-{} of {} experts: from 1 to {:.4g}",
                                 options.value, top_k, experts, most));
  if (!skewed || options.value == 1) return std::vector<double>(experts, 1.0);
  const std::vector<double> positions = positions_of(options.kind, experts);
  const auto excess = [&](double spread) {
    return expected_loads(spread_out(positions, spread), top_k).front() / mean_load - options.value;
  };
  return spread_out(positions, solve(excess, 0.0, 1.0));
}

std::vector<double> popularity_for(std::span<const double> loads) {
  constexpr double kMostReached = 0.999;
  std::vector<double> weights;
  for (const double load : loads) weights.push_back(-std::log1p(-std::min(load, kMostReached)));
  return weights;
}

std::vector<double> one_hot_loads(double ratio, std::uint64_t experts, std::uint64_t top_k, std::uint64_t ranks,
                                  std::uint64_t hot) {
  const std::uint64_t first = hot * (experts / ranks) + std::min(hot, experts % ranks);
  const std::uint64_t held = experts / ranks + (hot < experts % ranks ? 1 : 0);
  const double mean_load = static_cast<double>(top_k) / static_cast<double>(experts);
  const double most =
      std::max(1.0, std::min(kMostShare / mean_load, static_cast<double>(experts) / static_cast<double>(held)));
  if (!(ratio >= 1 && ratio <= most))
    throw UsageError(
        fmt::format("--router one-hot:{}: a rank with {} of {} experts cannot get so many times the mean "
                    "with top-{}: from 1 to {:.4g}",
                    ratio, held, experts, top_k, most));
  const std::uint64_t others = experts - held;
  const double rest =
      others == 0 ? 0
                  : (static_cast<double>(experts) - ratio * static_cast<double>(held)) / static_cast<double>(others);
  std::vector<double> loads(experts, rest * mean_load);
  std::fill_n(loads.begin() + static_cast<std::ptrdiff_t>(first), held, ratio * mean_load);
  return loads;
}

}  // namespace weft
