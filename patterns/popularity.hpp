#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "patterns/request.hpp"

namespace weft {

/// Popularities of the experts in descending order, mean 1, such that drawing `top_k` distinct experts a token by them
/// gives the busiest expert options.value times the mean load: uniform, lognormal or powerlaw. Throws UsageError as
/// Router does.
std::vector<double> popularity(const RouterOptions& options, std::uint64_t experts, std::uint64_t top_k);

/// Share of the tokens that each expert gets when `top_k` distinct ones are drawn successively by popularity:
/// 1 - exp(-w t) with t such that the shares add up to top_k (Rosen 1972, asymptotic theory for successive sampling).
std::vector<double> expected_loads(const std::vector<double>& popularity, std::uint64_t top_k);

/// The inverse: popularities by which each expert gets this share of the tokens. Shares from 0 to 1 that add up to
/// top_k; of more than 0.999 so much is reached.
std::vector<double> popularity_for(std::span<const double> loads);

/// Shares of the tokens by which one rank, whose experts are hot, gets `ratio` times the mean: its experts alike, and
/// the others alike. Experts lie on the ranks contiguously. Throws UsageError for a ratio below 1 or out of reach.
std::vector<double> one_hot_loads(double ratio, std::uint64_t experts, std::uint64_t top_k, std::uint64_t ranks,
                                  std::uint64_t hot);

}  // namespace weft
