#include <immintrin.h>

#include "core/kernels/generic.hpp"
#include "core/kernels/x86.hpp"

namespace weft::kernels {

namespace {

/// AVX2 with F16C.
struct Avx2 {
  static constexpr std::size_t kWidth = 32;
  template <std::size_t kLanes>
  static Vector<float, kLanes> half_to_float(Vector<std::uint16_t, kLanes> value) {
    if constexpr (kLanes == 1)
      return _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(value)));
    else
      return _mm256_cvtph_ps(bits<__m128i>(value));
  }
  template <std::size_t kLanes>
  static Vector<std::uint16_t, kLanes> float_to_half(Vector<float, kLanes> value) {
    if constexpr (kLanes == 1)
      return static_cast<std::uint16_t>(_mm_cvtsi128_si32(_mm_cvtps_ph(_mm_set_ss(value), _MM_FROUND_TO_NEAREST_INT)));
    else
      return bits<Vector<std::uint16_t, kLanes>>(_mm256_cvtps_ph(value, _MM_FROUND_TO_NEAREST_INT));
  }
  template <typename Value>
  static void stream(void* into, Value value) {
    if constexpr (sizeof value == 32)
      _mm256_stream_si256(static_cast<__m256i*>(into), bits<__m256i>(value));
    else
      _mm_stream_si128(static_cast<__m128i*>(into), bits<__m128i>(value));
  }
  static void fence() { _mm_sfence(); }
};

}  // namespace

constinit const Table kAvx2 = table_of<Avx2>("avx2");

}  // namespace weft::kernels
