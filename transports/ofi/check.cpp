#include "transports/ofi/check.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "transports/ofi/library.hpp"

namespace weft::ofi {

void check(ssize_t rc, const char* call) {
  if (rc < 0) throw TransportError(fmt::format("ofi: {}: {}", call, library().strerror(static_cast<int>(-rc))));
}

}  // namespace weft::ofi
