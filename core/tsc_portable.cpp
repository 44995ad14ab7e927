#include "core/tsc.hpp"

namespace weft::tsc {

std::string unfit() { return "only CPUs of the x86-64 family have a time-stamp counter"; }

std::uint64_t ticks() { return 0; }

}  // namespace weft::tsc
