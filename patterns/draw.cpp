#include "patterns/draw.hpp"

#include <numeric>

#include <fmt/format.h>

#include "core/error.hpp"

namespace weft {

void check_draws(const DrawShape& shape, std::uint64_t routings) {
  constexpr std::uint64_t kMostDraws = std::uint64_t{1} << 27;
  const std::uint64_t draws = shape.tokens * shape.ranks * routings;
  if (draws > kMostDraws)
    throw UsageError(fmt::format(
        "--tokens {} on {} ranks in {} routings are {} tokens to be routed beforehand: at most {} are, give fewer",
        shape.tokens, shape.ranks, routings, draws, kMostDraws));
}

std::vector<std::uint64_t> ranks_in_order(std::uint64_t ranks) {
  std::vector<std::uint64_t> numbers(ranks);
  std::iota(numbers.begin(), numbers.end(), std::uint64_t{0});
  return numbers;
}

}  // namespace weft
