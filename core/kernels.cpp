#include "core/kernels.hpp"

#include "core/error.hpp"
#include "core/kernels/table.hpp"

namespace weft {

namespace {

const kernels::Table& best() { return *kernels::usable_tables().front(); }

void check_reducible(Datatype type) {
  if (!reducible(type))
    throw UsageError("fp8 values are only moved, never reduced: choose f32, f64, f16, bf16, i32 or u8");
}

}  // namespace

ReduceKernel reduce_kernel(Datatype type, ReduceOp op, Stores stores) {
  check_reducible(type);
  return best().reduce[static_cast<std::size_t>(type)][static_cast<std::size_t>(op)][static_cast<std::size_t>(stores)];
}

FoldKernel fold_kernel(Datatype type, ReduceOp op) {
  check_reducible(type);
  return best().fold[static_cast<std::size_t>(type)][static_cast<std::size_t>(op)];
}

void copy_streaming(void* into, const void* from, std::size_t bytes) { best().copy_streaming(into, from, bytes); }

void pack_rows(void* into, const void* from, std::size_t row_bytes, std::span<const std::uint32_t> index) {
  best().pack_rows(into, from, row_bytes, index.data(), index.size());
}

void unpack_rows(void* into, const void* from, std::size_t row_bytes, std::span<const std::uint32_t> index) {
  best().unpack_rows(into, from, row_bytes, index.data(), index.size());
}

void quantise_fp8(std::uint8_t* values, float* scales, const std::uint16_t* from, std::size_t count) {
  best().quantise_fp8(values, scales, from, count);
}

void dequantise_fp8(std::uint16_t* into, const std::uint8_t* values, const float* scales, std::size_t count) {
  best().dequantise_fp8(into, values, scales, count);
}

const char* kernel_instruction_set() { return best().instruction_set; }

}  // namespace weft
