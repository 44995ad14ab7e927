#include "transports/nccl/check.hpp"

#include <string>

#include <fmt/format.h>

#include "core/error.hpp"

namespace weft::nccl {

void check(ncclResult_t result, const char* call) {
  if (result == ncclSuccess) return;
  const std::string last = ncclGetLastError(nullptr);
  throw TransportError(
      fmt::format("nccl: {}: {}{}{}", call, ncclGetErrorString(result), last.empty() ? "" : ": ", last));
}

}  // namespace weft::nccl
