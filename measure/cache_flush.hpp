#pragma once

#include <cstddef>
#include <memory>

#include "core/units.hpp"

namespace weft {

/// Empties the caches of the core that it is called on, by reading a private buffer of twice the last-level cache. It
/// reads and does not write, so that no write-backs are left for the timed iteration.
class CacheFlush {
 public:
  /// `last_level_cache` 0: not known, taken for 32 MiB.
  static Bytes footprint(Bytes last_level_cache);

  CacheFlush() = default;  ///< run() does nothing
  explicit CacheFlush(Bytes last_level_cache);

  /// Allocates nothing.
  void run() const;

 private:
  Bytes bytes_ = 0;
  std::unique_ptr<std::byte[]> buffer_;
};

/// Reads a buffer as a consumer would, without changing it.
void read_through(const std::byte* data, Bytes bytes);

}  // namespace weft
