#include "entries.hpp"

#include "patterns/sweep.hpp"

namespace example {

namespace {

std::vector<weft::Pairing> first_with_last(int ranks) {
  weft::Pairing pairing;
  for (int rank = 0; rank < ranks; ++rank) {
    const int partner = ranks - 1 - rank;
    pairing.push_back(partner == rank ? -1 : partner);  // who is in the middle stays alone
  }
  return {pairing};
}

}  // namespace

weft::Pattern mirror() {
  return weft::sweep_pattern("mirror", "the first rank with the last, the second with the last but one, …, both ways",
                             {{.name = "mirror",
                               .collective = weft::Collective::send_recv,
                               .busbw_factor = weft::busbw_once,
                               .both_ways = true,
                               .pairings = first_with_last}});
}

}  // namespace example
