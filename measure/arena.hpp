#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "collectives/execute.hpp"
#include "collectives/program.hpp"

namespace weft {

/// What lies in the caches when a timed iteration starts.
enum class CacheMode : std::uint8_t {
  rotate,  ///< another buffer each iteration, together at least twice the last-level cache: the application's data is
           ///< elsewhere
  hot,     ///< one buffer, never touched in between: what OSU does
  fresh,   ///< one buffer; before each iteration the input is rewritten and the result read: producer and consumer on
           ///< this core
  flush,   ///< one buffer; before each iteration the caches are emptied (measure/cache_flush.hpp)
};

std::string_view name_of(CacheMode mode);
CacheMode parse_cache_mode(std::string_view name);  ///< throws UsageError

/// Sizes of one set of a program's spaces.
struct SpaceSizes {
  Bytes in = 0;
  Bytes out = 0;
  Bytes scratch = 0;
};

/// The largest sizes over the programs.
SpaceSizes largest_sizes(std::span<const Program> programs);

/// The buffers of one point: `slots` sets of in and out, one scratch. Owns the memory.
class Arena {
 public:
  /// How many slots a cache mode wants for these sizes on a machine with this last-level cache.
  static std::size_t slots_for(CacheMode mode, const SpaceSizes& sizes, Bytes last_level_cache);
  /// Memory that an arena of so many slots takes.
  static Bytes footprint(const SpaceSizes& sizes, std::size_t slots);

  /// Collective: every rank with the same number of slots; sizes may differ. Throws TransportError where there is no
  /// memory.
  Arena(Communicator& communicator, const SpaceSizes& sizes, std::size_t slots);

  std::size_t slots() const { return slots_; }
  Buffers slot(std::size_t index) const;

 private:
  SpaceSizes sizes_;
  std::size_t slots_;
  Memory in_, out_, scratch_;
};

}  // namespace weft
