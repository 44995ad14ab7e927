#include "transports/ucx/check.hpp"

#include <fmt/format.h>

#include "core/environment.hpp"
#include "core/error.hpp"

namespace weft::ucx {

void check(ucs_status_t status, const char* call) {
  if (status != UCS_OK) throw TransportError(fmt::format("ucx: {}: {}", call, ucs_status_string(status)));
}

void check_opening(ucs_status_t status, const char* call) {
  if (status != UCS_OK)
    throw TransportError(fmt::format("ucx: {}: {}{}", call, ucs_status_string(status), with_variables("UCX_")));
}

}  // namespace weft::ucx
