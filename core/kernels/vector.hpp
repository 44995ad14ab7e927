#pragma once

#include <cstddef>
#include <cstdint>

// Shared by the units that are each compiled for one instruction set. Everything has internal linkage, and nothing from
// the standard library is instantiated: a function compiled for AVX-512 must never be the one that the linker keeps for
// the portable unit. Every function takes a scalar or a vector of any width (the compilers' vector extension).
namespace weft::kernels {
namespace {

template <typename Element, std::size_t kBytes>
struct VectorOf {
  typedef Element Type __attribute__((vector_size(kBytes)));
};
template <typename Element>
struct VectorOf<Element, sizeof(Element)> {
  using Type = Element;
};

/// `kLanes` elements: a plain scalar for one lane.
template <typename Element, std::size_t kLanes>
using Vector = typename VectorOf<Element, kLanes * sizeof(Element)>::Type;

template <typename To>
inline To load(const void* from) {
  To value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

template <typename From>
inline void store(void* into, From value) {
  __builtin_memcpy(into, &value, sizeof value);
}

template <typename To, typename From>
inline To bits(From value) {
  static_assert(sizeof(To) == sizeof(From));
  return __builtin_bit_cast(To, value);
}

/// Lane by lane conversion to another element type of the same number of lanes.
template <std::size_t kLanes, typename Element, typename From>
inline Vector<Element, kLanes> convert(From value) {
  if constexpr (kLanes == 1)
    return static_cast<Element>(value);
  else
    return __builtin_convertvector(value, Vector<Element, kLanes>);
}

template <std::size_t kLanes>
inline Vector<float, kLanes> from_bf16(Vector<std::uint16_t, kLanes> value) {
  return bits<Vector<float, kLanes>>(convert<kLanes, std::uint32_t>(value) << 16);
}

/// The bf16 nearest to the value, ties to even, in the upper half of the word; the lower half is undefined. A NaN must
/// have a lower half of zeros, as those have that come of bf16 operands; others may round up to a number.
template <std::size_t kLanes>
inline Vector<std::uint32_t, kLanes> rounded_to_bf16(Vector<float, kLanes> value) {
  const auto word = bits<Vector<std::uint32_t, kLanes>>(value);
  return word + 0x7fffU + ((word >> 16) & 1U);
}

/// Any NaN stays NaN here (made quiet).
template <std::size_t kLanes>
inline Vector<std::uint16_t, kLanes> to_bf16(Vector<float, kLanes> value) {
  const auto quiet = bits<Vector<std::uint32_t, kLanes>>(value) | 0x400000U;
  return convert<kLanes, std::uint16_t>((value == value ? rounded_to_bf16<kLanes>(value) : quiet) >> 16);
}

/// IEEE binary16 without F16C.
template <std::size_t kLanes>
inline Vector<float, kLanes> from_f16(Vector<std::uint16_t, kLanes> value) {
  using Word = Vector<std::uint32_t, kLanes>;
  using Float = Vector<float, kLanes>;
  const Word half = convert<kLanes, std::uint32_t>(value);
  const Word magnitude = half & 0x7fffU;
  const Word normal = (magnitude << 13) + (112U << 23);  // exponent bias 15 -> 127
  const Word special = (magnitude << 13) | 0x7f800000U;
  const Word subnormal = bits<Word>(convert<kLanes, float>(bits<Vector<std::int32_t, kLanes>>(magnitude)) * 0x1p-24F);
  Word result = magnitude < 0x400U ? subnormal : normal;
  result = magnitude >= 0x7c00U ? special : result;
  result = magnitude > 0x7c00U ? result | 0x400000U : result;  // quiet
  return bits<Float>(result | ((half & 0x8000U) << 16));
}

template <std::size_t kLanes>
inline Vector<std::uint16_t, kLanes> to_f16(Vector<float, kLanes> value) {
  using Word = Vector<std::uint32_t, kLanes>;
  const Word word = bits<Word>(value);
  const Word magnitude = word & 0x7fffffffU;
  const Word normal = ((magnitude + 0xfffU + ((magnitude >> 13) & 1U)) >> 13) - (112U << 10);
  // 0.5 has the step 2^-24 of the subnormals: the addition rounds them to nearest even.
  const Word subnormal = bits<Word>(bits<Vector<float, kLanes>>(magnitude) + 0.5F) - 0x3f000000U;
  const Word quiet = 0x7e00U | ((magnitude >> 13) & 0x3ffU);
  const Word infinite = (magnitude & 0U) + 0x7c00U;
  Word result = magnitude < 0x38800000U ? subnormal : normal;
  result = magnitude >= 0x477ff000U ? infinite : result;  // from 65520 up
  result = magnitude > 0x7f800000U ? quiet : result;
  return convert<kLanes, std::uint16_t>(result | ((word >> 16) & 0x8000U));
}

/// E4M3: exponent bias 7, subnormal step 2^-9, largest 448 = 0x7e, NaN 0x7f, no infinity. Saturates.
template <std::size_t kLanes>
inline Vector<std::uint8_t, kLanes> to_e4m3(Vector<float, kLanes> value) {
  using Word = Vector<std::uint32_t, kLanes>;
  const Word word = bits<Word>(value);
  const Word magnitude = word & 0x7fffffffU;
  const Word normal = ((magnitude + 0x7ffffU + ((magnitude >> 20) & 1U)) >> 20) - (120U << 3);
  // 2^14 has the step 2^-9 of the subnormals: the addition rounds them to nearest even.
  const Word subnormal = bits<Word>(bits<Vector<float, kLanes>>(magnitude) + 0x1p14F) - 0x46800000U;
  const Word largest = (magnitude & 0U) + 0x7eU;
  Word result = magnitude < 0x3c800000U ? subnormal : normal;
  result = magnitude >= 0x43e00000U ? largest : result;  // from 448 up
  result = magnitude > 0x7f800000U ? largest + 1U : result;
  return convert<kLanes, std::uint8_t>(result | ((word >> 24) & 0x80U));
}

template <std::size_t kLanes>
inline Vector<float, kLanes> from_e4m3(Vector<std::uint8_t, kLanes> value) {
  using Word = Vector<std::uint32_t, kLanes>;
  const Word code = convert<kLanes, std::uint32_t>(value);
  const Word magnitude = code & 0x7fU;
  const Word normal = (magnitude << 20) + (120U << 23);
  const Word subnormal = bits<Word>(convert<kLanes, float>(bits<Vector<std::int32_t, kLanes>>(magnitude)) * 0x1p-9F);
  Word result = magnitude < 8U ? subnormal : normal;
  result = magnitude == 0x7fU ? (magnitude & 0U) + 0x7fc00000U : result;
  return bits<Vector<float, kLanes>>(result | ((code & 0x80U) << 24));
}

}  // namespace
}  // namespace weft::kernels
