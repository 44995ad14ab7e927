#pragma once

#include <ucs/type/status.h>

namespace weft::ucx {

/// Throws TransportError with UCX's own words where a call failed.
void check(ucs_status_t status, const char* call);

}  // namespace weft::ucx
