#include "transports/ofi/check.hpp"

#include <fmt/format.h>

#include "core/environment.hpp"
#include "core/error.hpp"
#include "transports/ofi/library.hpp"

namespace weft::ofi {

void check(ssize_t rc, const char* call) {
  if (rc < 0) throw TransportError(fmt::format("ofi: {}: {}", call, library().strerror(static_cast<int>(-rc))));
}

void check_opening(ssize_t rc, const char* call) {
  if (rc < 0)
    throw TransportError(
        fmt::format("ofi: {}: {}{}", call, library().strerror(static_cast<int>(-rc)), with_variables("FI_")));
}

}  // namespace weft::ofi
