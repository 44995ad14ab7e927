#include "measure/cache_flush.hpp"

#include <cstdint>
#include <cstring>

namespace weft {

Bytes CacheFlush::footprint(Bytes last_level_cache) {
  constexpr Bytes kUsual = Bytes{32} << 20;
  return 2 * (last_level_cache == 0 ? kUsual : last_level_cache);
}

// Written once: pages that were never written are all the same page of zeros, which would fill one cache line set.
CacheFlush::CacheFlush(Bytes last_level_cache)
    : bytes_(footprint(last_level_cache)), buffer_(std::make_unique<std::byte[]>(bytes_)) {
  std::memset(buffer_.get(), 1, bytes_);
}

void CacheFlush::run() const { read_through(buffer_.get(), bytes_); }

void read_through(const std::byte* data, Bytes bytes) {
  std::uint64_t sum = 0;
  for (Bytes i = 0; i + sizeof(sum) <= bytes; i += sizeof(sum)) {
    std::uint64_t word = 0;
    std::memcpy(&word, data + i, sizeof(word));
    sum += word;
  }
  asm volatile("" : : "r"(sum) : "memory");
}

}  // namespace weft
