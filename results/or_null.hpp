#pragma once

#include <cmath>
#include <optional>

#include <nlohmann/json.hpp>

namespace weft {

/// The value's JSON; null where there is none.
template <typename Value>
nlohmann::json or_null(const std::optional<Value>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json();
}

/// None where the value is infinite or no number.
inline std::optional<double> if_finite(double value) {
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

/// None where the value is 0, which stands for not known.
inline std::optional<double> if_known(double value) { return value > 0 ? std::optional(value) : std::nullopt; }

}  // namespace weft
