#pragma once

#include <sys/types.h>

namespace weft::ofi {

/// Throws TransportError with libfabric's own words where `rc`, the result of `call`, is negative.
void check(ssize_t rc, const char* call);

/// The same of a call that opens something, which providers do as their variables say: those that are set are named.
void check_opening(ssize_t rc, const char* call);

}  // namespace weft::ofi
