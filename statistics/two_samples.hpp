#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "statistics/quantile.hpp"

namespace weft {

/// Exact two-sided p-value of Mann & Whitney's (1947) test that neither sample tends to be larger, by the permutation
/// distribution of the rank sum, ties included (mid-ranks). Exact up to 40 values altogether and beyond it by the
/// normal approximation with continuity and tie correction. 1 where a sample is empty.
double mann_whitney(std::span<const double> a, std::span<const double> b);

/// By which factor b is larger than a: exp(median of log(b_j / a_i)) (Hodges & Lehmann 1963), with its interval from
/// the exact distribution of Mann & Whitney's statistic (Moses). Values are positive. The interval is (0, infinity)
/// where the samples are too small for the confidence.
struct RatioEstimate {
  double ratio = 1;
  Interval interval;
};
RatioEstimate hodges_lehmann_ratio(std::span<const double> a, std::span<const double> b, double confidence = 0.95);

/// Which of several p-values are significant when the share of false discoveries is to be at most q (Benjamini &
/// Hochberg 1995).
std::vector<bool> benjamini_hochberg(std::span<const double> p_values, double q = 0.05);

/// The smallest relative difference that a comparison with n launches on each side finds with power 95 %, where the
/// launches' medians have this coefficient of variation: (z_{1-alpha/2} + z_.95) cv sqrt(2 / (.955 n)), Mann-Whitney's
/// asymptotic efficiency being .955. With different n their harmonic mean. Infinity with fewer than two launches.
double minimum_detectable_effect(double coefficient_of_variation, std::size_t n_a, std::size_t n_b, double alpha);

/// One-sided p-value of Fisher's exact test that events are no more frequent in b (`events_b` of `n_b`) than in a.
double fisher_exact(std::size_t events_a, std::size_t n_a, std::size_t events_b, std::size_t n_b);

/// Coefficient of variation of two samples about their own means, pooled.
double pooled_variation(std::span<const double> a, std::span<const double> b);

}  // namespace weft
