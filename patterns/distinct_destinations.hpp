#pragma once

#include <cstdint>
#include <span>

namespace weft {

/// How many distinct destinations (ranks, nodes) the `top_k` experts of a token lie on, the sender's own included, in
/// the mean over tokens that choose any top_k of the experts alike. `held` is how many experts each destination holds,
/// all experts once: sum over destinations of 1 - C(E - held, k) / C(E, k).
double expected_distinct(std::span<const std::uint64_t> held, std::uint64_t top_k);

/// The same where `experts` lie on `destinations` as evenly as can be: with equal parts D(R) = R (1 - C(E - E/R, k) /
/// C(E, k)). `destinations` from 1, `top_k` at most `experts`.
double expected_distinct(std::uint64_t experts, std::uint64_t top_k, std::uint64_t destinations);

}  // namespace weft
