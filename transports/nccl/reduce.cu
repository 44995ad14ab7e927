#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "transports/nccl/reduce.hpp"

namespace weft::nccl {

namespace {

constexpr int kThreads = 512;
constexpr std::size_t kMostGroups = 1024;
constexpr std::size_t kVector = 16;  // bytes that a thread loads at once

// Halves are computed in f32 and rounded once, as on the host.
template <typename Type>
using Widened = std::conditional_t<std::is_same_v<Type, __half> || std::is_same_v<Type, Bfloat16>, float, Type>;

template <typename Wide, ReduceOp op>
__device__ Wide combine(Wide x, Wide y) {
  if constexpr (op == ReduceOp::sum) return static_cast<Wide>(x + y);
  if constexpr (op == ReduceOp::prod) return static_cast<Wide>(x * y);
  if constexpr (op == ReduceOp::min) return y < x ? y : x;
  if constexpr (op == ReduceOp::max) return x < y ? y : x;
}

template <typename Type>
struct alignas(kVector) Vector {
  static constexpr std::size_t kLength = kVector / sizeof(Type);
  Type values[kLength];
};

// `vectors` of each block are reduced as vectors, the elements after them one by one.
template <typename Type, ReduceOp op>
__global__ void reduce(Type* into, const Type* with, std::size_t count, std::size_t blocks, std::size_t vectors) {
  using V = Vector<Type>;
  using Wide = Widened<Type>;
  const std::size_t first = blockIdx.x * static_cast<std::size_t>(blockDim.x) + threadIdx.x;
  const std::size_t step = gridDim.x * static_cast<std::size_t>(blockDim.x);
  for (std::size_t i = first; i < vectors; i += step) {
    V result = reinterpret_cast<V*>(into)[i];
    Wide wide[V::kLength];
    for (std::size_t k = 0; k < V::kLength; ++k) wide[k] = static_cast<Wide>(result.values[k]);
    for (std::size_t block = 0; block < blocks; ++block) {
      const V other = reinterpret_cast<const V*>(with + block * count)[i];
      for (std::size_t k = 0; k < V::kLength; ++k)
        wide[k] = combine<Wide, op>(wide[k], static_cast<Wide>(other.values[k]));
    }
    for (std::size_t k = 0; k < V::kLength; ++k) result.values[k] = static_cast<Type>(wide[k]);
    reinterpret_cast<V*>(into)[i] = result;
  }
  for (std::size_t i = vectors * V::kLength + first; i < count; i += step) {
    Wide wide = static_cast<Wide>(into[i]);
    for (std::size_t block = 0; block < blocks; ++block)
      wide = combine<Wide, op>(wide, static_cast<Wide>(with[block * count + i]));
    into[i] = static_cast<Type>(wide);
  }
}

template <typename Type, ReduceOp op>
void start(void* into, const void* with, std::size_t count, std::size_t blocks, Stream stream) {
  const bool aligned =
      (reinterpret_cast<std::uintptr_t>(into) | reinterpret_cast<std::uintptr_t>(with)) % kVector == 0 &&
      (blocks == 1 || count * sizeof(Type) % kVector == 0);
  const std::size_t vectors = aligned ? count / Vector<Type>::kLength : 0;
  const std::size_t threads = aligned ? vectors + count % Vector<Type>::kLength : count;
  const std::size_t groups = std::clamp<std::size_t>((threads + kThreads - 1) / kThreads, 1, kMostGroups);
  reduce<Type, op><<<static_cast<unsigned>(groups), kThreads, 0, stream>>>(
      static_cast<Type*>(into), static_cast<const Type*>(with), count, blocks, vectors);
}

template <typename Type>
void start(void* into, const void* with, std::size_t count, std::size_t blocks, ReduceOp op, Stream stream) {
  switch (op) {
    case ReduceOp::sum:
      return start<Type, ReduceOp::sum>(into, with, count, blocks, stream);
    case ReduceOp::prod:
      return start<Type, ReduceOp::prod>(into, with, count, blocks, stream);
    case ReduceOp::min:
      return start<Type, ReduceOp::min>(into, with, count, blocks, stream);
    case ReduceOp::max:
      return start<Type, ReduceOp::max>(into, with, count, blocks, stream);
  }
}

}  // namespace

void start_reduction(void* into, const void* with, std::size_t count, std::size_t blocks, Datatype type, ReduceOp op,
                     Stream stream) {
  switch (type) {
    case Datatype::f32:
      return start<float>(into, with, count, blocks, op, stream);
    case Datatype::f64:
      return start<double>(into, with, count, blocks, op, stream);
    case Datatype::f16:
      return start<__half>(into, with, count, blocks, op, stream);
    case Datatype::bf16:
      return start<Bfloat16>(into, with, count, blocks, op, stream);
    case Datatype::i32:
      return start<std::int32_t>(into, with, count, blocks, op, stream);
    case Datatype::u8:
      return start<std::uint8_t>(into, with, count, blocks, op, stream);
    case Datatype::fp8:
      return;
  }
}

}  // namespace weft::nccl
