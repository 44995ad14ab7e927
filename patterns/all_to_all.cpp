#include "patterns/sweep.hpp"

namespace weft::patterns::all_to_all {

Pattern entry() {
  return sweep_pattern("all_to_all", "every rank sends a block of its own to every rank; bytes: the whole buffer",
                       {{.name = "all_to_all", .collective = Collective::all_to_all, .busbw_factor = busbw_blocks}});
}

}  // namespace weft::patterns::all_to_all
