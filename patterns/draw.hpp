#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "patterns/decisions.hpp"
#include "patterns/model.hpp"

namespace weft {

/// How many tokens are drawn, of which ranks.
struct DrawShape {
  std::uint64_t tokens = 0;  ///< per rank
  std::uint64_t ranks = 0;
  std::uint64_t top_k = 0;
  std::uint64_t seed = 0;
};

/// Throws UsageError where drawing so many routings would take more than some seconds.
void check_draws(const DrawShape& shape, std::uint64_t routings);

/// 0 to ranks - 1: the numbers of sources that are the ranks themselves.
std::vector<std::uint64_t> ranks_in_order(std::uint64_t ranks);

/// Draws the tokens of all ranks in one routing. A router has `stream` and `draw` as Router has.
template <typename AnyRouter>
void draw_tokens(const AnyRouter& router, std::size_t routing, const DrawShape& shape,
                 const Decisions::TokenAction& token) {
  std::uint32_t memory[kMostTopK];
  const std::span<std::uint32_t> chosen(memory, shape.top_k);
  for (std::uint64_t rank = 0; rank < shape.ranks; ++rank) {
    auto random = router.stream(rank);
    for (std::uint64_t i = 0; i < shape.tokens; ++i) {
      router.draw(random, chosen);
      token(routing, rank, chosen);
    }
  }
}

}  // namespace weft
