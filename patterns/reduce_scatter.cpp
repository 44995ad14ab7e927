#include "patterns/sweep.hpp"

namespace weft::patterns::reduce_scatter {

Pattern entry() {
  return sweep_pattern(
      "reduce_scatter", "every rank gets its block of the reduction; bytes: the input",
      {{.name = "reduce_scatter", .collective = Collective::reduce_scatter, .busbw_factor = busbw_blocks}});
}

}  // namespace weft::patterns::reduce_scatter
