#include "patterns/sweep.hpp"

namespace weft::patterns::bisection {

namespace {

/// Every rank of the first half with one of the second; the last of an odd number stays alone.
std::vector<Pairing> across_the_middle(int ranks) {
  const int half = ranks / 2;
  Pairing pairing(static_cast<std::size_t>(ranks), -1);
  for (int rank = 0; rank < 2 * half; ++rank)
    pairing[static_cast<std::size_t>(rank)] = rank < half ? rank + half : rank - half;
  return {pairing};
}

}  // namespace

// What the fabric carries between its halves at once: all pairs exchange, both ways. With ranks in the order of the
// hosts the halves are halves of the fabric. The bandwidth is a rank's in one direction; ranks x of it cross in all.
Pattern entry() {
  return sweep_pattern("bisection", "the first half of the ranks with the second, all at once, both ways",
                       {{.name = "bisection",
                         .collective = Collective::send_recv,
                         .busbw_factor = busbw_once,
                         .both_ways = true,
                         .pairings = across_the_middle}});
}

}  // namespace weft::patterns::bisection
