#include "transports/nccl/device.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/system.hpp"

namespace weft::nccl {

namespace {

constexpr Bytes kPage = 4096;
constexpr int kBusIdLength = 32;

void check_runtime(WEFT_RUNTIME(Error_t) result, const char* call) {
  if (result != WEFT_RUNTIME(Success))
    throw TransportError(fmt::format("nccl: {}{}: {}", kPrefix, call, WEFT_RUNTIME(GetErrorString)(result)));
}

// WEFT_CALL(Malloc, &data, bytes) is cudaMalloc or hipMalloc, and throws where it fails.
#define WEFT_CALL(name, ...) check_runtime(WEFT_RUNTIME(name)(__VA_ARGS__), #name)

Bytes whole_pages(Bytes bytes) { return std::max<Bytes>(1, (bytes + kPage - 1) / kPage) * kPage; }

}  // namespace

std::string lacks_device() {
  // Streams beyond the hardware's queues wait for each other; the runtime reads this when it is first called.
  setenv(kQueues, "32", 0);
  int count = 0;
  const auto result = WEFT_RUNTIME(GetDeviceCount)(&count);
  if (result == WEFT_RUNTIME(Success) && count > 0) return {};
  return fmt::format("nccl needs a {} device and this host shows none ({}GetDeviceCount: {})", kRuntime, kPrefix,
                     result == WEFT_RUNTIME(Success) ? "0" : WEFT_RUNTIME(GetErrorString)(result));
}

int device_count() {
  int count = 0;
  WEFT_CALL(GetDeviceCount, &count);
  return count;
}

std::string device_identity(int device) {
  char bus[kBusIdLength] = {};
  WEFT_CALL(DeviceGetPCIBusId, bus, kBusIdLength, device);
  return fmt::format("{} {}", boot_id(), bus);
}

void use_device(int device) { WEFT_CALL(SetDevice, device); }

Bytes device_cache() {
  int device = 0;
  int bytes = 0;
  WEFT_CALL(GetDevice, &device);
  WEFT_CALL(DeviceGetAttribute, &bytes, kCacheSize, device);
  return static_cast<Bytes>(bytes);
}

Memory new_device_memory(Bytes bytes, Stream stream) {
  void* data = nullptr;
  WEFT_CALL(Malloc, &data, whole_pages(bytes));
  Memory memory(static_cast<std::byte*>(data), [](std::byte* freed) { static_cast<void>(WEFT_RUNTIME(Free)(freed)); });
  WEFT_CALL(MemsetAsync, data, 0, whole_pages(bytes), stream);
  wait_for(stream);
  return memory;
}

Memory new_registered_memory(Bytes bytes) {
  void* data = nullptr;
  check_runtime(allocate_on_host(&data, whole_pages(bytes)), "HostAlloc");
  std::memset(data, 0, whole_pages(bytes));
  return {static_cast<std::byte*>(data), [](std::byte* freed) { static_cast<void>(free_on_host(freed)); }};
}

Stream new_stream() {
  Stream stream = nullptr;
  WEFT_CALL(StreamCreateWithFlags, &stream, WEFT_RUNTIME(StreamNonBlocking));
  return stream;
}

void delete_stream(Stream stream) noexcept { static_cast<void>(WEFT_RUNTIME(StreamDestroy)(stream)); }

bool is_idle(Stream stream) {
  const auto result = WEFT_RUNTIME(StreamQuery)(stream);
  if (result == WEFT_RUNTIME(ErrorNotReady)) return false;
  check_runtime(result, "StreamQuery");
  return true;
}

void wait_for(Stream stream) { WEFT_CALL(StreamSynchronize, stream); }

void copy(std::byte* into, const std::byte* from, Bytes bytes, Stream stream) {
  WEFT_CALL(MemcpyAsync, into, from, bytes, WEFT_RUNTIME(MemcpyDefault), stream);
}

void check_launch() { check_runtime(WEFT_RUNTIME(GetLastError)(), "LaunchKernel"); }

}  // namespace weft::nccl
