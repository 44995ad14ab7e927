#pragma once

#include <cstdint>
#include <string>

namespace weft::tsc {

/// Why this CPU's time-stamp counter is no clock, as a sentence; empty where it ticks at a constant rate and never
/// stops.
std::string unfit();

/// The counter, read after everything before it in the program is done. Only where unfit() is empty.
std::uint64_t ticks();

}  // namespace weft::tsc
