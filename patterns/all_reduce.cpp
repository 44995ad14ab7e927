#include "patterns/sweep.hpp"

namespace weft::patterns::all_reduce {

Pattern entry() {
  return sweep_pattern(
      "all_reduce", "every rank gets the reduction of all inputs",
      {{.name = "all_reduce", .collective = Collective::all_reduce, .busbw_factor = busbw_all_reduce}});
}

}  // namespace weft::patterns::all_reduce
