#include "transports/ofi/check.hpp"

#include <fmt/format.h>
#include <rdma/fi_errno.h>

#include "core/error.hpp"

namespace weft::ofi {

void check(ssize_t rc, const char* call) {
  if (rc < 0) throw TransportError(fmt::format("ofi: {}: {}", call, fi_strerror(static_cast<int>(-rc))));
}

}  // namespace weft::ofi
