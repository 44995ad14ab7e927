#include "patterns/sweep.hpp"

namespace weft::patterns::barrier {

Pattern entry() {
  return sweep_pattern("barrier", "no rank leaves before all have come; no bytes",
                       {{.name = "barrier", .collective = Collective::barrier, .busbw_factor = busbw_once}});
}

}  // namespace weft::patterns::barrier
