#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/datatype.hpp"

namespace weft {

/// How a kernel writes: `cached` through the cache, `streaming` past it with non-temporal stores (for results larger
/// than a core's own caches that are not read again soon). A streaming kernel ends with a store fence.
enum class Stores : std::uint8_t { cached, streaming };

/// into[i] = a[i] op b[i] for `count` elements. `into` may equal a or b; otherwise no overlap. Any alignment.
/// Results are rounded to nearest even once per operation (f16 and bf16 computed in f32).
using ReduceKernel = void (*)(void* into, const void* a, const void* b, std::size_t count);

/// The fastest kernel this CPU runs (AVX-512, AVX2 or portable, chosen once at run time). Throws UsageError for fp8.
ReduceKernel reduce_kernel(Datatype type, ReduceOp op, Stores stores = Stores::cached);

/// into[i] = into[i] op from[i] op from[count + i] op …, over `blocks` blocks of `count` elements, one after another;
/// `into` overlaps none. f16 and bf16 are accumulated in f32 and rounded once, at the end. Any alignment.
using FoldKernel = void (*)(void* into, const void* from, std::size_t count, std::size_t blocks);

/// The fastest kernel this CPU runs. Throws UsageError for fp8.
FoldKernel fold_kernel(Datatype type, ReduceOp op);

/// memcpy with non-temporal stores; ends with a store fence. No overlap, any alignment.
void copy_streaming(void* into, const void* from, std::size_t bytes);

/// Gathers rows: into row i = from row index[i]; rows of `row_bytes`. Packing tokens by expert (dispatch).
void pack_rows(void* into, const void* from, std::size_t row_bytes, std::span<const std::uint32_t> index);

/// Scatters rows: into row index[i] = from row i. The inverse of pack_rows with the same index.
void unpack_rows(void* into, const void* from, std::size_t row_bytes, std::span<const std::uint32_t> index);

/// Width of the block that shares one scale (DeepSeek-V3 technical report, section 3.3.2).
inline constexpr std::size_t kFp8Block = 128;

/// Quantises `count` bf16 values to E4M3, one f32 scale per block of 128 (the last block may be short):
/// scale = max|x| / 448, value = round(x / scale). `scales` holds ceil(count / 128) floats.
void quantise_fp8(std::uint8_t* values, float* scales, const std::uint16_t* from, std::size_t count);

/// The inverse of quantise_fp8, rounded to bf16.
void dequantise_fp8(std::uint16_t* into, const std::uint8_t* values, const float* scales, std::size_t count);

/// The instruction set that reduce_kernel and the others chose: "avx512", "avx2" or "portable".
const char* kernel_instruction_set();

}  // namespace weft
