// NCCL, and RCCL, whose interface is the same: ranks of any world that have a device each.
#include <fmt/format.h>

#include "transports/nccl/nccl_communicator.hpp"
#include "transports/refuses_fibers.hpp"

namespace weft::transports::nccl {
namespace {

std::string refuses_nccl(const World& world, const TransportOptions& options) {
  if (std::string refused = refuses_fibers("nccl", world); !refused.empty()) return refused;
  if (std::string refused = refuses_memory("nccl", options.memory, {MemoryKind::device, MemoryKind::registered});
      !refused.empty())
    return refused;
  return weft::nccl::lacks_device();
}

// 22809 is 2.28.9; before 2.9 it was 2804 for 2.8.4. Asks the library that is loaded, and no device.
std::string loaded_version() {
  int code = 0;
  if (ncclGetVersion(&code) != ncclSuccess) return weft::nccl::kLibrary;
  const int major = code < 10000 ? 1000 : 10000;
  return fmt::format("{} {}.{}.{}", weft::nccl::kLibrary, code / major, code % major / 100, code % 100);
}

}  // namespace

Transport entry() {
  return {
      .name = "nccl",
      .summary = fmt::format("{}: its collectives, and messages by grouped sends and receives, in a {} device's memory",
                             weft::nccl::kLibrary, weft::nccl::kRuntime),
      .version = loaded_version,
      .needs_world = "",
      .needs_device = fmt::format("a {} device", weft::nccl::kRuntime),
      .library_allocates = true,
      .flags = {"--share-device"},
      .refuses = refuses_nccl,
      .create = [](World& world, const TransportOptions& options) -> std::unique_ptr<Communicator> {
        return std::make_unique<weft::nccl::NcclCommunicator>(world, options);
      }};
}

}  // namespace weft::transports::nccl
