#include "transports/nccl/device.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "core/error.hpp"

namespace weft::nccl {

namespace {

constexpr Bytes kPage = 4096;

void check_cuda(cudaError_t result, const char* call) {
  if (result != cudaSuccess) throw TransportError(fmt::format("nccl: {}: {}", call, cudaGetErrorString(result)));
}

Bytes whole_pages(Bytes bytes) { return std::max<Bytes>(1, (bytes + kPage - 1) / kPage) * kPage; }

}  // namespace

std::string lacks_device() {
  // Streams beyond the hardware's queues wait for each other; CUDA reads this when it is first called.
  setenv("CUDA_DEVICE_MAX_CONNECTIONS", "32", 0);
  int count = 0;
  const cudaError_t result = cudaGetDeviceCount(&count);
  if (result == cudaSuccess && count > 0) return {};
  return fmt::format("nccl needs a CUDA device and this host shows none (cudaGetDeviceCount: {})",
                     result == cudaSuccess ? "0" : cudaGetErrorString(result));
}

int device_count() {
  int count = 0;
  check_cuda(cudaGetDeviceCount(&count), "cudaGetDeviceCount");
  return count;
}

std::string device_identity(int device) {
  cudaDeviceProp properties{};
  check_cuda(cudaGetDeviceProperties(&properties, device), "cudaGetDeviceProperties");
  std::string identity;
  for (const char byte : properties.uuid.bytes) identity += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return identity;
}

void use_device(int device) { check_cuda(cudaSetDevice(device), "cudaSetDevice"); }

Bytes device_cache() {
  int device = 0;
  int bytes = 0;
  check_cuda(cudaGetDevice(&device), "cudaGetDevice");
  check_cuda(cudaDeviceGetAttribute(&bytes, cudaDevAttrL2CacheSize, device), "cudaDeviceGetAttribute");
  return static_cast<Bytes>(bytes);
}

Memory new_device_memory(Bytes bytes, Stream stream) {
  void* data = nullptr;
  check_cuda(cudaMalloc(&data, whole_pages(bytes)), "cudaMalloc");
  Memory memory(static_cast<std::byte*>(data), [](std::byte* freed) { cudaFree(freed); });
  check_cuda(cudaMemsetAsync(data, 0, whole_pages(bytes), stream), "cudaMemsetAsync");
  wait_for(stream);
  return memory;
}

Memory new_registered_memory(Bytes bytes) {
  void* data = nullptr;
  check_cuda(cudaHostAlloc(&data, whole_pages(bytes), cudaHostAllocPortable), "cudaHostAlloc");
  std::memset(data, 0, whole_pages(bytes));
  return {static_cast<std::byte*>(data), [](std::byte* freed) { cudaFreeHost(freed); }};
}

Stream new_stream() {
  Stream stream = nullptr;
  check_cuda(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
  return stream;
}

void delete_stream(Stream stream) noexcept { cudaStreamDestroy(stream); }

bool is_idle(Stream stream) {
  const cudaError_t result = cudaStreamQuery(stream);
  if (result == cudaErrorNotReady) return false;
  check_cuda(result, "cudaStreamQuery");
  return true;
}

void wait_for(Stream stream) { check_cuda(cudaStreamSynchronize(stream), "cudaStreamSynchronize"); }

void copy(std::byte* into, const std::byte* from, Bytes bytes, Stream stream) {
  check_cuda(cudaMemcpyAsync(into, from, bytes, cudaMemcpyDefault, stream), "cudaMemcpyAsync");
}

void check_launch() { check_cuda(cudaGetLastError(), "the start of a kernel"); }

}  // namespace weft::nccl
