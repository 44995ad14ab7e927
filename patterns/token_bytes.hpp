#pragma once

#include <cstdint>

#include "core/datatype.hpp"
#include "core/units.hpp"

namespace weft {

/// How a token's values are sent: FP8 and LogFMT10 with a scale for each 128 values.
enum class TokenFormat : std::uint8_t { bf16, fp8, logfmt10 };

const char* name_of(TokenFormat format);

/// As what the format is moved: LogFMT10, which no transport knows, as bytes.
Datatype datatype_of(TokenFormat format);

/// Values that share a scale.
inline constexpr std::uint64_t kScaleBlock = 128;

/// Bytes of one token of `hidden` values: BF16 2h; FP8 h and LogFMT10 10h/8, both with a four-byte scale for each 128
/// values, of which the last block is short where 128 does not divide h (gpt-oss). Sources: DeepSeek-V3's report;
/// DeepEP; "Insights into DeepSeek-V3" (ISCA 2025) for LogFMT.
Bytes token_bytes(TokenFormat format, std::uint64_t hidden);

/// Bytes that DeepEP's low-latency dispatch puts before each token: its source.
inline constexpr Bytes kLowLatencyHeader = 16;

/// Bytes that DeepEP's normal dispatch sends with each copy of a token: 8 of source, and for each of the `top_k`
/// experts 4 of index and 4 of weight; at a multiple of 16. A cached dispatch has the source alone: `top_k` of 0.
constexpr Bytes dispatch_metadata_bytes(std::uint64_t top_k) { return (8 + 8 * top_k + 15) / 16 * 16; }

}  // namespace weft
