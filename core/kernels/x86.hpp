#pragma once

#include "core/kernels/table.hpp"

namespace weft::kernels {

extern const Table kAvx512;
extern const Table kAvx2;

}  // namespace weft::kernels
