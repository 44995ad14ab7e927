#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/datatype.hpp"
#include "core/kernels.hpp"

namespace weft::kernels {

/// All kernels compiled for one instruction set; core/kernels.hpp says what each does. Raw pointers instead of spans:
/// what is compiled for one instruction set must not instantiate anything that the linker could share with the rest.
struct Table {
  const char* instruction_set;
  ReduceKernel reduce[6][4][2];  ///< [Datatype, without fp8][ReduceOp][Stores]
  FoldKernel fold[6][4];         ///< [Datatype, without fp8][ReduceOp]
  void (*copy_streaming)(void* into, const void* from, std::size_t bytes);
  void (*pack_rows)(void* into, const void* from, std::size_t row_bytes, const std::uint32_t* index, std::size_t rows);
  void (*unpack_rows)(void* into, const void* from, std::size_t row_bytes, const std::uint32_t* index,
                      std::size_t rows);
  void (*quantise_fp8)(std::uint8_t* values, float* scales, const std::uint16_t* from, std::size_t count);
  void (*dequantise_fp8)(std::uint16_t* into, const std::uint8_t* values, const float* scales, std::size_t count);
};

/// The tables that this CPU can run, fastest first; the last is always the portable one.
std::span<const Table* const> usable_tables();

extern const Table kPortable;

}  // namespace weft::kernels
