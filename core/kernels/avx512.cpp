#include <immintrin.h>

#include "core/kernels/generic.hpp"
#include "core/kernels/x86.hpp"

namespace weft::kernels {

namespace {

/// AVX-512 F, BW, VL and DQ. Not AVX512_BF16: its conversion takes subnormals for zero.
struct Avx512 {
  static constexpr std::size_t kWidth = 64;
  /// All lanes: the masked forms, as g++ 12 finds the others' undefined value uninitialised.
  static constexpr __mmask16 kAll = 0xffff;
  template <std::size_t kLanes>
  static Vector<float, kLanes> half_to_float(Vector<std::uint16_t, kLanes> value) {
    if constexpr (kLanes == 1)
      return _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(value)));
    else
      return _mm512_maskz_cvtph_ps(kAll, bits<__m256i>(value));
  }
  template <std::size_t kLanes>
  static Vector<std::uint16_t, kLanes> float_to_half(Vector<float, kLanes> value) {
    if constexpr (kLanes == 1)
      return static_cast<std::uint16_t>(_mm_cvtsi128_si32(_mm_cvtps_ph(_mm_set_ss(value), _MM_FROUND_TO_NEAREST_INT)));
    else
      return bits<Vector<std::uint16_t, kLanes>>(_mm512_maskz_cvtps_ph(kAll, value, _MM_FROUND_TO_NEAREST_INT));
  }
  template <typename Value>
  static void stream(void* into, Value value) {
    if constexpr (sizeof value == 64)
      _mm512_stream_si512(static_cast<__m512i*>(into), bits<__m512i>(value));
    else
      _mm256_stream_si256(static_cast<__m256i*>(into), bits<__m256i>(value));
  }
  static void fence() { _mm_sfence(); }
};

}  // namespace

constinit const Table kAvx512 = table_of<Avx512>("avx512");

}  // namespace weft::kernels
