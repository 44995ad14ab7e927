#pragma once

#include "core/units.hpp"

namespace weft {

/// A sample lasts at least so many times as long as reading the clock.
inline constexpr double kTimesOverhead = 100;

/// How many calls make a sample: the smallest power of two with which it lasts kTimesOverhead as long as reading the
/// clock; 1 where the call does by itself. `call` is what one takes, `overhead` what reading the clock takes, in ns.
int calls_per_sample(double call_ns, double overhead_ns);

}  // namespace weft
