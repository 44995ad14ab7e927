#pragma once

#include <cstddef>

#include "core/datatype.hpp"
#include "transports/nccl/vendor.hpp"

namespace weft::nccl {

/// into[i] = into[i] op with[i] op with[count + i] op …, over `blocks` blocks of `count` elements of the device's
/// memory, in the order of the stream; accumulated and rounded as weft::fold_kernel does. Any alignment of elements.
/// fp8 is not reduced. The start may fail, which check_launch() finds.
void start_reduction(void* into, const void* with, std::size_t count, std::size_t blocks, Datatype type, ReduceOp op,
                     Stream stream);

}  // namespace weft::nccl
