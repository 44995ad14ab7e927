#pragma once

// The vendor's library and runtime, and all in which AMD's differ from NVIDIA's: RCCL has NCCL's interface, HIP that of
// CUDA's runtime under another prefix. WEFT_RUNTIME(Free) is cudaFree or hipFree.
#if defined(__HIP__) || defined(__HIP_PLATFORM_AMD__)  // HIP's compiler; any other that is to read HIP's headers

#include <hip/hip_bfloat16.h>
#include <hip/hip_fp16.h>
#include <hip/hip_runtime.h>
#include <rccl/rccl.h>

#define WEFT_RUNTIME(name) hip##name

namespace weft::nccl {

inline constexpr const char* kLibrary = "RCCL";
inline constexpr const char* kRuntime = "HIP";
inline constexpr const char* kPrefix = "hip";
inline constexpr const char* kQueues = "GPU_MAX_HW_QUEUES";
inline constexpr hipDeviceAttribute_t kCacheSize = hipDeviceAttributeL2CacheSize;
using Bfloat16 = hip_bfloat16;

inline hipError_t allocate_on_host(void** data, std::size_t bytes) {
  return hipHostMalloc(data, bytes, hipHostMallocPortable);
}
inline hipError_t free_on_host(void* data) { return hipHostFree(data); }

}  // namespace weft::nccl

#else

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime_api.h>
#include <nccl.h>

#define WEFT_RUNTIME(name) cuda##name

namespace weft::nccl {

inline constexpr const char* kLibrary = "NCCL";
inline constexpr const char* kRuntime = "CUDA";
inline constexpr const char* kPrefix = "cuda";
inline constexpr const char* kQueues = "CUDA_DEVICE_MAX_CONNECTIONS";
inline constexpr cudaDeviceAttr kCacheSize = cudaDevAttrL2CacheSize;
using Bfloat16 = __nv_bfloat16;

inline cudaError_t allocate_on_host(void** data, std::size_t bytes) {
  return cudaHostAlloc(data, bytes, cudaHostAllocPortable);
}
inline cudaError_t free_on_host(void* data) { return cudaFreeHost(data); }

}  // namespace weft::nccl

#endif

namespace weft::nccl {

using Stream = WEFT_RUNTIME(Stream_t);

}  // namespace weft::nccl
