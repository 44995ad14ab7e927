#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/units.hpp"

namespace weft {

/// Element types. f16 is IEEE binary16, bf16 the upper half of f32, fp8 is E4M3 (OCP 8-bit floating point, finite
/// only).
enum class Datatype : std::uint8_t { f32, f64, f16, bf16, i32, u8, fp8 };

enum class ReduceOp : std::uint8_t { sum, prod, min, max };

std::span<const Datatype> all_datatypes();
std::span<const ReduceOp> all_reduce_ops();

/// Bytes of one element.
Bytes size_of(Datatype type);

std::string_view name_of(Datatype type);
std::string_view name_of(ReduceOp op);

/// Throw UsageError naming the nearest right name.
Datatype parse_datatype(std::string_view name);
ReduceOp parse_reduce_op(std::string_view name);

/// Whether elements of the type can be reduced: all but fp8, which is only moved (its sums would saturate at 448).
bool reducible(Datatype type);

}  // namespace weft
