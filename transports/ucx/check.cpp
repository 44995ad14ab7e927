#include "transports/ucx/check.hpp"

#include <fmt/format.h>

#include "core/error.hpp"

namespace weft::ucx {

void check(ucs_status_t status, const char* call) {
  if (status != UCS_OK) throw TransportError(fmt::format("ucx: {}: {}", call, ucs_status_string(status)));
}

}  // namespace weft::ucx
