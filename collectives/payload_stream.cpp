#include "collectives/payload_stream.hpp"

#include <algorithm>
#include <cstring>

#include "collectives/summands.hpp"

namespace weft {

PayloadStream::PayloadStream(std::uint64_t salt, std::uint32_t from, std::uint32_t to)
    : PayloadStream(mix(salt + mix((static_cast<std::uint64_t>(from) << 32) + to))) {}

void PayloadStream::fill(std::byte* into, Bytes bytes) const {
  for (Bytes at = 0; at < bytes; at += sizeof(std::uint64_t)) {
    const std::uint64_t word = mix(key_ + at);
    std::memcpy(into + at, &word, std::min<Bytes>(sizeof word, bytes - at));
  }
}

std::uint64_t PayloadStream::count_wrong(const std::byte* data, Bytes bytes, Bytes element) const {
  std::uint64_t wrong = 0;
  for (Bytes at = 0; at < bytes; at += sizeof(std::uint64_t)) {
    const std::uint64_t expected = mix(key_ + at);
    std::uint64_t found = expected;
    std::memcpy(&found, data + at, std::min<Bytes>(sizeof found, bytes - at));
    if (found != expected) wrong += differing_elements(&found, &expected, sizeof found, element);
  }
  return wrong;
}

}  // namespace weft
