#include "core/units.hpp"

#include <charconv>
#include <chrono>
#include <ctime>
#include <limits>

#include <fmt/format.h>

#include "core/error.hpp"

namespace weft {

Bytes parse_bytes(std::string_view text, Bytes most) {
  const auto wrong = [&] {
    return UsageError(
        fmt::format("'{}' is not a size: give whole bytes, or a binary multiple such as 8, 64K, 128M or 3G", text));
  };
  Bytes value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::invalid_argument) throw wrong();
  if (error == std::errc::result_out_of_range) value = std::numeric_limits<Bytes>::max();
  std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  Bytes scale = 1;
  if (!unit.empty() && unit != "B") {
    const std::size_t power = std::string_view("KMGTkmgt").find(unit.front()) % 4 + 1;
    if (std::string_view("KMGTkmgt").find(unit.front()) == std::string_view::npos) throw wrong();
    unit.remove_prefix(1);
    if (!unit.empty() && unit != "B" && unit != "iB") throw wrong();
    scale = Bytes{1} << (10 * power);
  }
  if (value > most / scale)
    throw UsageError(fmt::format("'{}' is too large a size: give {} at most", text, format_bytes(most)));
  return value * scale;
}

std::string format_bytes(Bytes bytes) {
  static constexpr std::string_view kUnits = "KMGT";
  for (std::size_t power = kUnits.size(); power > 0; --power) {
    const Bytes unit = Bytes{1} << (10 * power);
    if (bytes != 0 && bytes % unit == 0) return fmt::format("{}{}", bytes / unit, kUnits[power - 1]);
  }
  return fmt::format("{}", bytes);
}

std::string short_bytes(Bytes bytes) {
  std::string exact = format_bytes(bytes);
  if (exact.size() <= 5) return exact;
  double scaled = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; scaled >= 1024; ++unit) scaled /= 1024;
  return fmt::format("{:.1f}{}", scaled, std::string_view(" KMGTPE").substr(unit, 1));
}

double gigabytes_per_second(Bytes bytes, double nanoseconds) {
  return nanoseconds > 0 ? static_cast<double>(bytes) / nanoseconds : 0;
}

Nanoseconds monotonic_now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Nanoseconds monotonic_raw_now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC_RAW, &time);
  return Nanoseconds{1'000'000'000} * time.tv_sec + time.tv_nsec;
}

}  // namespace weft
