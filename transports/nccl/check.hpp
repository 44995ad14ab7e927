#pragma once

#include <nccl.h>

namespace weft::nccl {

/// Throws TransportError with NCCL's own words where a call failed.
void check(ncclResult_t result, const char* call);

}  // namespace weft::nccl
