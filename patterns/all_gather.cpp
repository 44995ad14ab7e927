#include "patterns/sweep.hpp"

namespace weft::patterns::all_gather {

Pattern entry() {
  return sweep_pattern("all_gather", "every rank gets the blocks of all ranks; bytes: the result",
                       {{.name = "all_gather", .collective = Collective::all_gather, .busbw_factor = busbw_blocks}});
}

}  // namespace weft::patterns::all_gather
