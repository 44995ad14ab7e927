#pragma once

#include <algorithm>
#include <cstdint>

#include "core/units.hpp"

namespace weft::tcp {

enum class Frame : std::uint8_t {
  message = 1,  ///< a message of `value` bytes on `channel`; its head follows
  ready = 2,    ///< the receive `token` of `value` bytes on `channel` awaits a body: one for each message that has one
  piece = 3,    ///< the part of a body at offset `value` follows, for the receive `token`
};

/// What precedes payload on a connection. Messages and readies go over a pair's first connection, pieces over any.
struct Header {
  Frame frame = Frame::message;
  std::uint8_t unused = 0;
  std::uint16_t channel = 0;
  std::uint32_t token = 0;
  Bytes value = 0;
};
static_assert(sizeof(Header) == 16);

/// A message up to this length travels at once and whole. Of a longer one only its head does, and the body, which is
/// the rest, when the receive is posted.
inline constexpr Bytes kWhole = 512 << 10;
inline constexpr Bytes kHead = 64 << 10;
inline constexpr Bytes kPiece = 1 << 20;

inline bool has_body(Bytes message) { return message > kWhole; }
inline Bytes head_of(Bytes message) { return has_body(message) ? kHead : message; }
inline Bytes piece_at(Bytes message, Bytes offset) { return std::min(message - offset, kPiece); }

}  // namespace weft::tcp
