#pragma once

#include <array>
#include <atomic>
#include <cstring>

#include "transports/shm/segments.hpp"

namespace weft::shm {

/// Largest message that travels through a ring; larger ones are offered, and copied once by the receiver.
inline constexpr Bytes kEagerBytes = 4096;
/// Largest message that travels in the same cache line as its flag.
inline constexpr Bytes kInlineBytes = 48;

inline constexpr std::uint32_t kRingLines = 128;
inline constexpr std::uint32_t kRingBytes = 64 << 10;

enum class Kind : std::uint8_t {
  inlined,  ///< the data is in the line
  eager,    ///< the data is in the ring's byte store
  offer,    ///< the data is at `place` of the sender, who waits for a `taken` with the same token
  taken,    ///< the offer with this token has been copied
};

/// One cache line of a ring: header and up to 48 bytes. `turn` is the flag: position in the stream + 1.
struct alignas(64) Line {
  std::atomic<std::uint32_t> turn{0};
  std::uint16_t channel = 0;
  Kind kind = Kind::inlined;
  Bytes bytes = 0;  ///< length of the message
  struct Offer {
    Place place;
    std::uint32_t token;
  };
  union {
    std::array<std::byte, kInlineBytes> data;
    Offer offer;
  };
  Line() : data{} {}
};
static_assert(sizeof(Line) == 64);

/// Stream of messages from one rank to one other, in memory of the receiver.
struct RingMemory {
  std::array<Line, kRingLines> lines;
  std::array<std::byte, kRingBytes> store;
};

/// What the receiver has consumed of a ring, in memory of the sender.
struct alignas(64) Credit {
  std::atomic<std::uint32_t> lines{0};
  std::atomic<std::uint32_t> bytes{0};
};

/// Room that a message of `bytes` takes in the store, when the next free byte is at stream position `at`: whole lines,
/// and what is skipped so that no message is split at the end of the store.
struct StoreSpan {
  std::uint32_t skip;
  std::uint32_t length;

  StoreSpan(std::uint32_t at, Bytes bytes) : skip(0), length(static_cast<std::uint32_t>((bytes + 63) / 64 * 64)) {
    const std::uint32_t left = kRingBytes - at % kRingBytes;
    if (left < length) skip = left;
  }
};

/// The sender's end. Every call gives false, and does nothing, where the ring is full.
class RingSender {
 public:
  RingSender(RingMemory& ring, const Credit& credit) : ring_(ring), credit_(credit) {}

  /// At most kEagerBytes.
  bool send(std::uint16_t channel, const std::byte* data, Bytes bytes) {
    if (!has_line()) return false;
    Line& line = next();
    if (bytes <= kInlineBytes) {
      if (bytes > 0) std::memcpy(line.data.data(), data, bytes);
      return publish(line, Kind::inlined, channel, bytes);
    }
    const StoreSpan span(stored_, bytes);
    if (stored_ + span.skip + span.length - freed_bytes_ > kRingBytes) {
      freed_bytes_ = credit_.bytes.load(std::memory_order_acquire);
      if (stored_ + span.skip + span.length - freed_bytes_ > kRingBytes) return false;
    }
    stored_ += span.skip;
    std::memcpy(&ring_.store[stored_ % kRingBytes], data, bytes);
    stored_ += span.length;
    return publish(line, Kind::eager, channel, bytes);
  }

  bool offer(std::uint16_t channel, Place place, Bytes bytes, std::uint32_t token) {
    if (!has_line()) return false;
    Line& line = next();
    line.offer = {place, token};
    return publish(line, Kind::offer, channel, bytes);
  }

  bool taken(std::uint32_t token) {
    if (!has_line()) return false;
    Line& line = next();
    line.offer = {0, token};
    return publish(line, Kind::taken, 0, 0);
  }

 private:
  Line& next() { return ring_.lines[sent_ % kRingLines]; }

  bool has_line() {
    if (sent_ - freed_lines_ < kRingLines) return true;
    freed_lines_ = credit_.lines.load(std::memory_order_acquire);
    return sent_ - freed_lines_ < kRingLines;
  }

  bool publish(Line& line, Kind kind, std::uint16_t channel, Bytes bytes) {
    line.kind = kind;
    line.channel = channel;
    line.bytes = bytes;
    line.turn.store(++sent_, std::memory_order_release);
    return true;
  }

  RingMemory& ring_;
  const Credit& credit_;
  std::uint32_t sent_ = 0;
  std::uint32_t stored_ = 0;
  std::uint32_t freed_lines_ = 0;
  std::uint32_t freed_bytes_ = 0;
};

/// The receiver's end.
class RingReceiver {
 public:
  RingReceiver(const RingMemory& ring, Credit& credit) : ring_(ring), credit_(credit) {}

  /// The oldest message, or null where none has arrived.
  const Line* front() const {
    const Line& line = ring_.lines[taken_ % kRingLines];
    return line.turn.load(std::memory_order_acquire) == taken_ + 1 ? &line : nullptr;
  }

  /// The data of the front message, of kind inlined or eager; valid until pop().
  const std::byte* data(const Line& line) const {
    if (line.kind == Kind::inlined) return line.data.data();
    return &ring_.store[(loaded_ + StoreSpan(loaded_, line.bytes).skip) % kRingBytes];
  }

  /// Gives the front message's room back to the sender. Credit is returned in quarters of the ring, so that the line it
  /// lies in does not travel with every message.
  void pop() {
    const Line& line = ring_.lines[taken_ % kRingLines];
    if (line.kind == Kind::eager) {
      const StoreSpan span(loaded_, line.bytes);
      loaded_ += span.skip + span.length;
      if (loaded_ - returned_bytes_ >= kRingBytes / 4)
        credit_.bytes.store(returned_bytes_ = loaded_, std::memory_order_release);
    }
    ++taken_;
    if (taken_ - returned_lines_ >= kRingLines / 4)
      credit_.lines.store(returned_lines_ = taken_, std::memory_order_release);
  }

 private:
  const RingMemory& ring_;
  Credit& credit_;
  std::uint32_t taken_ = 0;
  std::uint32_t loaded_ = 0;
  std::uint32_t returned_lines_ = 0;
  std::uint32_t returned_bytes_ = 0;
};

}  // namespace weft::shm
