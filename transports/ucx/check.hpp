#pragma once

#include <ucs/type/status.h>

namespace weft::ucx {

/// Throws TransportError with UCX's own words where a call failed.
void check(ucs_status_t status, const char* call);

/// The same of a call that opens something, which UCX does as its variables say: those that are set are named.
void check_opening(ucs_status_t status, const char* call);

}  // namespace weft::ucx
