#pragma once

#include <span>

#include "collectives/program.hpp"
#include "collectives/verify.hpp"

namespace weft::verify {

/// Whether calls can be put in line: each names a routine of its program, each routine is called by one lane, and does
/// nothing but move, reduce and wait.
Findings check_routines(std::span<const Program> programs);

}  // namespace weft::verify
