#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/units.hpp"
#include "transports/shm/mapping.hpp"
#include "worlds/world.hpp"

namespace weft::shm {

/// Where a byte lies in the memory of the rank that says it: segment in the upper 24 bits, offset in the lower 40. The
/// same in every process, unlike an address.
using Place = std::uint64_t;

/// The memory that ranks share, as one rank sees it. Segment i is the i-th collective allocation: one piece of memory
/// per rank, each mapped by all ranks.
class Segments {
 public:
  explicit Segments(int ranks) : ranks_(ranks) {}

  /// Adds a segment in which this rank's piece has `bytes`. Collective; sizes may differ and may be 0. When one rank
  /// fails, all throw TransportError with its reason. `huge`: in huge pages that the system has reserved.
  std::uint32_t add(World& world, Bytes bytes, bool huge = false);

  /// Unmaps this rank's views of the segment; the peers keep theirs. Not collective.
  void remove(std::uint32_t segment);

  /// Start of a rank's piece.
  std::byte* base(int rank, std::uint32_t segment) const {
    return bases_[segment * static_cast<std::size_t>(ranks_) + static_cast<std::size_t>(rank)];
  }
  /// A byte of another rank's memory.
  std::byte* at(int rank, Place place) const {
    return base(rank, static_cast<std::uint32_t>(place >> kOffsetBits)) + (place & kOffsetMask);
  }
  /// The place of a byte of this rank's memory. Throws std::logic_error where it is not in any segment.
  Place place_of(const std::byte* data) const {
    for (const Piece& piece : pieces_)
      if (data >= piece.begin && data < piece.end)
        return (static_cast<Place>(piece.segment) << kOffsetBits) | static_cast<Place>(data - piece.begin);
    return not_shared();
  }

 private:
  static constexpr int kOffsetBits = 40;
  static constexpr Place kOffsetMask = (Place{1} << kOffsetBits) - 1;

  /// This rank's own piece of a live segment.
  struct Piece {
    const std::byte* begin;
    const std::byte* end;
    std::uint32_t segment;
  };

  [[noreturn]] static Place not_shared();

  int ranks_;
  std::vector<Piece> pieces_;      // live ones, newest first, as the newest are used most
  std::vector<std::byte*> bases_;  // [segment][rank]
  std::vector<std::vector<std::shared_ptr<const Mapping>>> views_;  // [segment][rank], empty once removed
};

/// Throws TransportError unless all ranks can reach each other's memory by process id: same host, same boot, same
/// process namespace. Collective.
void require_one_host(World& world);

}  // namespace weft::shm
