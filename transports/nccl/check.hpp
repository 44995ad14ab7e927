#pragma once

#include "transports/nccl/vendor.hpp"

namespace weft::nccl {

/// Throws TransportError with the library's own words where a call failed.
void check(ncclResult_t result, const char* call);

}  // namespace weft::nccl
