#pragma once

#include "collectives/verify/report.hpp"

namespace weft::verify {

/// What can be seen at each step alone: regions within their spaces, peers and events that exist, whole elements where
/// they are reduced, every operation waited for, nothing native.
void check_steps(Report& report);

/// What a program of a collective must keep besides: `in` is not written, regions are whole elements of `unit` bytes.
void check_collective_steps(Report& report, Bytes unit);

}  // namespace weft::verify
