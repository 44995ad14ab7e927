#include "patterns/sweep.hpp"

namespace weft::patterns::send_recv {

// Ranks 2i and 2i + 1 are pairs. A ping-pong iteration is there and back, and its time is halved, as in osu_latency. An
// exchange sends both ways at once, and its bandwidth counts one direction.
Pattern entry() {
  return sweep_pattern(
      "send_recv", "pairs of ranks: there and back (pingpong), and both ways at once (exchange)",
      {{.name = "pingpong", .collective = Collective::send_recv, .busbw_factor = busbw_once, .time_divisor = 2},
       {.name = "exchange", .collective = Collective::send_recv, .busbw_factor = busbw_once, .both_ways = true}});
}

}  // namespace weft::patterns::send_recv
