#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weft {

using Bytes = std::uint64_t;       ///< a size or an offset, always 64 bit
using Nanoseconds = std::int64_t;  ///< a duration, or a point on some clock

/// The largest size that is read: a thousand ranks' sum of it still has 64 bits.
constexpr Bytes kMostBytes = Bytes{1} << 50;

/// Reads "8", "64K", "3GiB", "128M": binary units, an optional "i" and "B", `most` at most. Throws UsageError with a
/// sentence otherwise.
Bytes parse_bytes(std::string_view text, Bytes most = kMostBytes);

/// 4096 -> "4K", 1536 -> "1536", 3221225472 -> "3G": the shortest exact form that parse_bytes reads back.
std::string format_bytes(Bytes bytes);

/// The same for tables: what has no short exact form is rounded to a digit after the point, as 28.9M.
std::string short_bytes(Bytes bytes);

/// Bandwidth in GB/s = 1e9 B/s, the unit of every bandwidth column. 0 ns gives 0.
double gigabytes_per_second(Bytes bytes, double nanoseconds);

/// The monotonic clock of this host (CLOCK_MONOTONIC), ns.
Nanoseconds monotonic_now();

/// The same oscillator without the corrections of NTP (CLOCK_MONOTONIC_RAW), ns.
Nanoseconds monotonic_raw_now();

}  // namespace weft
