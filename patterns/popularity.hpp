#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "patterns/request.hpp"

namespace weft {

/// What RouterOptions::kind may be.
const std::vector<std::string>& router_kinds();

/// Whether RouterOptions::max_over_mean says something about routers of this kind.
bool router_takes_max_over_mean(const std::string& kind);

/// Popularities of the experts in descending order, mean 1, such that drawing `top_k` distinct experts a token by them
/// gives the busiest expert options.max_over_mean times the mean load. Throws UsageError as Router does.
std::vector<double> popularity(const RouterOptions& options, std::uint64_t experts, std::uint64_t top_k);

/// Share of the tokens that each expert gets when `top_k` distinct ones are drawn successively by popularity:
/// 1 - exp(-w t) with t such that the shares add up to top_k (Rosen 1972, asymptotic theory for successive sampling).
std::vector<double> expected_loads(const std::vector<double>& popularity, std::uint64_t top_k);

}  // namespace weft
