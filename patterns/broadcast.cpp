#include "patterns/sweep.hpp"

namespace weft::patterns::broadcast {

Pattern entry() {
  return sweep_pattern("broadcast", "every rank gets the buffer of rank 0",
                       {{.name = "broadcast", .collective = Collective::broadcast, .busbw_factor = busbw_once}});
}

}  // namespace weft::patterns::broadcast
