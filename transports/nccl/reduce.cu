#include <algorithm>
#include <cstdint>

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "transports/nccl/reduce.hpp"

namespace weft::nccl {

namespace {

constexpr int kThreads = 512;
constexpr std::size_t kMostBlocks = 1024;
constexpr std::size_t kVector = 16;  // bytes that a thread loads at once

// Halves are computed in f32 and rounded once, as on the host.
template <typename Type>
struct Widened {
  using Wide = Type;
  static __device__ Wide widen(Type value) { return value; }
  static __device__ Type narrow(Wide value) { return value; }
};
template <>
struct Widened<__half> {
  using Wide = float;
  static __device__ float widen(__half value) { return __half2float(value); }
  static __device__ __half narrow(float value) { return __float2half_rn(value); }
};
template <>
struct Widened<__nv_bfloat16> {
  using Wide = float;
  static __device__ float widen(__nv_bfloat16 value) { return __bfloat162float(value); }
  static __device__ __nv_bfloat16 narrow(float value) { return __float2bfloat16_rn(value); }
};

template <typename Type, ReduceOp op>
__device__ Type combine(Type a, Type b) {
  using W = Widened<Type>;
  const typename W::Wide x = W::widen(a);
  const typename W::Wide y = W::widen(b);
  if constexpr (op == ReduceOp::sum) return W::narrow(static_cast<typename W::Wide>(x + y));
  if constexpr (op == ReduceOp::prod) return W::narrow(static_cast<typename W::Wide>(x * y));
  if constexpr (op == ReduceOp::min) return W::narrow(y < x ? y : x);
  if constexpr (op == ReduceOp::max) return W::narrow(x < y ? y : x);
}

template <typename Type>
struct alignas(kVector) Vector {
  static constexpr std::size_t kLength = kVector / sizeof(Type);
  Type values[kLength];
};

template <typename Type, ReduceOp op>
__global__ void reduce(Type* into, const Type* with, std::size_t count, std::size_t vectors) {
  using V = Vector<Type>;
  const std::size_t first = blockIdx.x * static_cast<std::size_t>(blockDim.x) + threadIdx.x;
  const std::size_t step = gridDim.x * static_cast<std::size_t>(blockDim.x);
  for (std::size_t i = first; i < vectors; i += step) {
    V a = reinterpret_cast<V*>(into)[i];
    const V b = reinterpret_cast<const V*>(with)[i];
    for (std::size_t k = 0; k < V::kLength; ++k) a.values[k] = combine<Type, op>(a.values[k], b.values[k]);
    reinterpret_cast<V*>(into)[i] = a;
  }
  for (std::size_t i = vectors * V::kLength + first; i < count; i += step)
    into[i] = combine<Type, op>(into[i], with[i]);
}

template <typename Type, ReduceOp op>
void start(void* into, const void* with, std::size_t count, cudaStream_t stream) {
  const bool aligned = (reinterpret_cast<std::uintptr_t>(into) | reinterpret_cast<std::uintptr_t>(with)) % kVector == 0;
  const std::size_t vectors = aligned ? count / Vector<Type>::kLength : 0;
  const std::size_t threads = aligned ? vectors + count % Vector<Type>::kLength : count;
  const std::size_t blocks = std::clamp<std::size_t>((threads + kThreads - 1) / kThreads, 1, kMostBlocks);
  reduce<Type, op><<<static_cast<unsigned>(blocks), kThreads, 0, stream>>>(
      static_cast<Type*>(into), static_cast<const Type*>(with), count, vectors);
}

template <typename Type>
void start(void* into, const void* with, std::size_t count, ReduceOp op, cudaStream_t stream) {
  switch (op) {
    case ReduceOp::sum:
      return start<Type, ReduceOp::sum>(into, with, count, stream);
    case ReduceOp::prod:
      return start<Type, ReduceOp::prod>(into, with, count, stream);
    case ReduceOp::min:
      return start<Type, ReduceOp::min>(into, with, count, stream);
    case ReduceOp::max:
      return start<Type, ReduceOp::max>(into, with, count, stream);
  }
}

}  // namespace

void start_reduction(void* into, const void* with, std::size_t count, Datatype type, ReduceOp op, CUstream_st* stream) {
  switch (type) {
    case Datatype::f32:
      return start<float>(into, with, count, op, stream);
    case Datatype::f64:
      return start<double>(into, with, count, op, stream);
    case Datatype::f16:
      return start<__half>(into, with, count, op, stream);
    case Datatype::bf16:
      return start<__nv_bfloat16>(into, with, count, op, stream);
    case Datatype::i32:
      return start<std::int32_t>(into, with, count, op, stream);
    case Datatype::u8:
      return start<std::uint8_t>(into, with, count, op, stream);
    case Datatype::fp8:
      return;
  }
}

}  // namespace weft::nccl
