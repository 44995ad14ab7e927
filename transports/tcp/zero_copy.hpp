#pragma once

#include <array>
#include <cstdint>

#include "core/units.hpp"
#include "transports/tcp/operation.hpp"

namespace weft::tcp {

/// Sending from the user's pages (MSG_ZEROCOPY, Linux 4.14) on one connection: which calls the kernel has yet to
/// confirm. It says for each whether it copied after all, as loopback always does; the first time that it did, this is
/// over for the connection, since then pinning pages only costs.
class ZeroCopy {
 public:
  /// Below, pinning pages costs more than copying them (kernel documentation: 10 KB).
  static constexpr Bytes kLeast = 32 << 10;

  /// Asks the kernel for it.
  void enable(int descriptor);
  void disable() { enabled_ = false; }

  /// Whether this many bytes are to be sent with MSG_ZEROCOPY.
  bool wants(Bytes bytes) const { return enabled_ && bytes >= kLeast && sent_ - confirmed_ < kMost; }
  /// After a call that did send, on behalf of the operation, whose `unconfirmed` it counts up.
  void sent(Operation* operation) {
    ++operation->unconfirmed;
    owners_[sent_++ % kMost] = operation;
  }
  bool awaits() const { return sent_ != confirmed_; }

  /// Reads the kernel's confirmations; `done` gets each operation that no call is unconfirmed of any more.
  template <typename Done>
  void collect(int descriptor, Done done) {
    for (Range range; next_range(descriptor, range);)
      for (std::uint32_t call = range.first; call != range.last + 1; ++call) {
        ++confirmed_;
        Operation* const owner = owners_[call % kMost];
        if (--owner->unconfirmed == 0) done(owner);
      }
  }

 private:
  static constexpr std::uint32_t kMost = 256;  ///< calls that are unconfirmed at a time
  struct Range {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
  };

  bool next_range(int descriptor, Range& range);

  bool enabled_ = false;
  std::uint32_t sent_ = 0;  // calls; the kernel numbers them alike
  std::uint32_t confirmed_ = 0;
  std::array<Operation*, kMost> owners_ = {};
};

}  // namespace weft::tcp
