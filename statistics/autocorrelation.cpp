#include "statistics/autocorrelation.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "statistics/mid_ranks.hpp"

namespace weft {

namespace {

/// More lags than these are not summed on one scale: beyond them the series is made coarser.
constexpr std::size_t kMostLags = 512;
constexpr std::size_t kCoarser = 8;

double autocovariance(std::span<const double> centred, std::size_t lag) {
  return std::inner_product(centred.begin() + static_cast<std::ptrdiff_t>(lag), centred.end(), centred.begin(), 0.0) /
         static_cast<double>(centred.size());
}

/// The means of each `kCoarser` neighbours; what is over at the end goes without.
std::vector<double> coarser(std::span<const double> series) {
  std::vector<double> means(series.size() / kCoarser);
  for (std::size_t block = 0; block < means.size(); ++block) {
    const auto values = series.subspan(block * kCoarser, kCoarser);
    means[block] = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(kCoarser);
  }
  return means;
}

/// Of the mean of a centred series: (gamma_0 + 2 sum gamma_k) / n. Where the sum does not end within kMostLags, the
/// means of neighbours, which have the same mean, are asked in place of the values.
double variance_of_mean(std::vector<double> centred) {
  for (;;) {
    const std::size_t lags = std::min(kMostLags, centred.size() / 2);
    double sum = -autocovariance(centred, 0);
    bool ended = false;
    for (std::size_t lag = 0; lag + 1 <= lags && !ended; lag += 2) {
      const double pair = autocovariance(centred, lag) + autocovariance(centred, lag + 1);
      ended = pair <= 0;
      if (!ended) sum += 2 * pair;
    }
    if (ended || lags < kMostLags) return sum / static_cast<double>(centred.size());
    centred = coarser(centred);
  }
}

}  // namespace

double effective_sample_size(std::span<const double> series) {
  const auto n = static_cast<double>(series.size());
  if (series.size() < 4) return n;
  const std::vector<std::size_t> ranks = doubled_mid_ranks(series);
  std::vector<double> centred(ranks.begin(), ranks.end());
  for (double& rank : centred) rank -= n + 1;
  const double variance = autocovariance(centred, 0);
  if (variance <= 0) return n;
  const double of_mean = variance_of_mean(std::move(centred));
  return of_mean <= variance / n ? n : std::max(1.0, variance / of_mean);
}

}  // namespace weft
