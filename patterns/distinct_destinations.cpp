#include "patterns/distinct_destinations.hpp"

#include <numeric>
#include <vector>

namespace weft {

namespace {

/// C(others, k) / C(all, k): the share of tokens that choose none of all - others experts.
double share_of_none(std::uint64_t others, std::uint64_t all, std::uint64_t top_k) {
  double share = 1;
  for (std::uint64_t i = 0; i < top_k; ++i)
    share *= i < others ? static_cast<double>(others - i) / static_cast<double>(all - i) : 0;
  return share;
}

}  // namespace

double expected_distinct(std::span<const std::uint64_t> held, std::uint64_t top_k) {
  const std::uint64_t experts = std::accumulate(held.begin(), held.end(), std::uint64_t{0});
  double sum = 0;
  for (const std::uint64_t mine : held) sum += 1 - share_of_none(experts - mine, experts, top_k);
  return sum;
}

double expected_distinct(std::uint64_t experts, std::uint64_t top_k, std::uint64_t destinations) {
  std::vector<std::uint64_t> held(destinations, experts / destinations);
  for (std::uint64_t i = 0; i < experts % destinations; ++i) ++held[i];
  return expected_distinct(held, top_k);
}

}  // namespace weft
