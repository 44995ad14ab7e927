#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace weft::testing {

/// A small binary floating-point format, by its definition and in double: slow, and shares nothing with the kernels.
struct Format {
  int fraction_bits, exponent_bits;
  bool has_infinity;  ///< otherwise only the code of all ones is NaN (E4M3)

  int bias() const { return (1 << (exponent_bits - 1)) - 1; }
  std::uint32_t sign_bit() const { return 1U << (fraction_bits + exponent_bits); }

  double decode(std::uint32_t code) const {
    const std::uint32_t fraction = code & ((1U << fraction_bits) - 1);
    const int exponent = static_cast<int>((code & (sign_bit() - 1)) >> fraction_bits);
    const double sign = (code & sign_bit()) != 0 ? -1.0 : 1.0;
    const bool top = exponent == (1 << exponent_bits) - 1;
    if (top && has_infinity) return fraction == 0 ? sign * INFINITY : NAN;
    if (top && fraction == (1U << fraction_bits) - 1) return NAN;
    const double significand = fraction + (exponent == 0 ? 0.0 : std::ldexp(1.0, fraction_bits));
    return sign * std::ldexp(significand, (exponent == 0 ? 1 : exponent) - bias() - fraction_bits);
  }

  /// The value of the format nearest to x, ties to even; beyond the largest: infinity.
  double round(double x) const {
    if (!std::isfinite(x) || x == 0) return x;
    const int exponent = std::max(std::ilogb(x), 1 - bias());
    const double rounded =
        std::ldexp(std::nearbyint(std::ldexp(x, fraction_bits - exponent)), exponent - fraction_bits);
    return std::fabs(rounded) >= std::ldexp(1.0, bias() + 1) ? std::copysign(INFINITY, x) : rounded;
  }

  /// The code of a value that the format has.
  std::uint32_t encode(double value) const {
    const std::uint32_t sign = std::signbit(value) ? sign_bit() : 0;
    const auto top = static_cast<std::uint32_t>((1 << exponent_bits) - 1) << fraction_bits;
    if (std::isnan(value)) return sign | top | (1U << (fraction_bits - 1));
    if (std::isinf(value)) return sign | top;
    if (value == 0) return sign;
    const int exponent = std::max(std::ilogb(value), 1 - bias());
    const auto significand = static_cast<std::uint32_t>(std::ldexp(std::fabs(value), fraction_bits - exponent));
    return sign | (significand + (static_cast<std::uint32_t>(exponent + bias() - 1) << fraction_bits));
  }
};

inline constexpr Format kF16 = {10, 5, true};
inline constexpr Format kBf16 = {7, 8, true};
inline constexpr Format kE4m3 = {3, 4, false};

}  // namespace weft::testing
