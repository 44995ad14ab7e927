#pragma once

#include <new>

#include "transports/shm/ring.hpp"

namespace weft::shm {

/// Longest contribution that travels in the same cache line as its flag.
inline constexpr Bytes kNoteBytes = 56;
/// Longest contribution that is copied into a slot, so that its owner need not wait until all have read it.
inline constexpr Bytes kSlotBytes = 16 << 10;

/// One cache line that one rank writes and all read: a flag and what goes with it.
struct alignas(64) Note {
  std::atomic<std::uint32_t> round{0};
  std::uint32_t form = 0;
  std::array<std::byte, kNoteBytes> data{};
};

/// What a rank writes in a round of a native collective. On a line of its own beside the next pair of lines, as
/// processors fetch lines in pairs.
struct alignas(128) Contribution {
  Note note;
};

/// One rank's part of the shared control memory (segment 0), laid out for n ranks: inbound rings, credits for outbound
/// rings, and two contributions with their slots, for even and odd rounds.
class Control {
 public:
  Control(std::byte* base, int ranks) : base_(base), ranks_(static_cast<std::size_t>(ranks)) {}

  static Bytes size(int ranks) {
    return static_cast<std::size_t>(ranks) * (sizeof(RingMemory) + sizeof(Credit)) + 2 * sizeof(Contribution) + kPad +
           2 * kSlotBytes;
  }

  /// Brings the objects into being; by the owner, before others look. Fresh memory is zero, which is how they start.
  void construct() {
    for (std::size_t rank = 0; rank < ranks_; ++rank) {
      new (ring_address(rank)) RingMemory;
      new (credit_address(rank)) Credit;
    }
    for (std::uint32_t parity = 0; parity < 2; ++parity) new (note_address(parity)) Contribution;
  }

  RingMemory& ring_from(int rank) const {
    return *std::launder(reinterpret_cast<RingMemory*>(ring_address(static_cast<std::size_t>(rank))));
  }
  Credit& credit_to(int rank) const {
    return *std::launder(reinterpret_cast<Credit*>(credit_address(static_cast<std::size_t>(rank))));
  }
  Note& note(std::uint32_t parity) const {
    return std::launder(reinterpret_cast<Contribution*>(note_address(parity)))->note;
  }
  std::byte* slot(std::uint32_t parity) const { return slots_address() + parity * kSlotBytes; }

 private:
  static constexpr Bytes kPad = 4096;  ///< notes and slots start at multiples of 64

  std::byte* slots_address() const { return base_; }
  std::byte* note_address(std::uint32_t parity) const { return base_ + 2 * kSlotBytes + parity * sizeof(Contribution); }
  std::byte* ring_address(std::size_t rank) const { return base_ + 2 * kSlotBytes + kPad + rank * sizeof(RingMemory); }
  std::byte* credit_address(std::size_t rank) const { return ring_address(ranks_) + rank * sizeof(Credit); }

  std::byte* base_;
  std::size_t ranks_;
};

}  // namespace weft::shm
