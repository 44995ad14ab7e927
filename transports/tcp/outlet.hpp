#pragma once

#include <array>
#include <cstring>

#include "transports/tcp/zero_copy.hpp"

namespace weft::tcp {

/// The sending end of a connection: at most one frame whose payload lies with the user, behind `lead`: headers, and the
/// payload of messages so small that copying them is cheaper than a second piece for the kernel to gather.
class Outlet {
 public:
  static constexpr Bytes kSmall = 2048;

  /// Whether nothing waits here for the kernel.
  bool idle() const { return lead_end_ == lead_begin_ && data_left_ == 0; }
  /// Whether a frame of so many bytes of payload may be added in whole.
  bool has_room(Bytes payload) const {
    return data_left_ == 0 && owner_ == nullptr && lead_end_ + sizeof(Header) + payload <= lead_.size();
  }

  /// Adds a frame, copied: needs has_room(bytes).
  void add(const Header& header, const std::byte* payload, Bytes bytes) {
    std::memcpy(lead_.data() + lead_end_, &header, sizeof header);
    lead_end_ += sizeof header;
    if (bytes > 0) std::memcpy(lead_.data() + lead_end_, payload, bytes);
    lead_end_ += bytes;
  }
  /// Adds a frame whose payload stays where it is until it is sent, on behalf of `owner`: needs has_room(0).
  void begin(const Header& header, const std::byte* payload, Bytes bytes, Operation* owner) {
    add(header, nullptr, 0);
    data_ = payload;
    data_left_ = data_bytes_ = bytes;
    owner_ = owner;
  }

  /// One system call, or two without a copy. True where the kernel has taken all. Throws std::system_error.
  bool push(int descriptor);

  /// The operation whose payload is wholly sent, and how many bytes that was; null where there is none.
  Operation* take_owner(Bytes& bytes);

  ZeroCopy& zero_copy() { return zero_copy_; }

 private:
  bool push_lead(int descriptor, int flags);
  bool push_data_in_place(int descriptor);
  void advance(Bytes sent);

  std::array<std::byte, 8192> lead_;
  std::size_t lead_begin_ = 0;
  std::size_t lead_end_ = 0;
  const std::byte* data_ = nullptr;
  Bytes data_left_ = 0;
  Bytes data_bytes_ = 0;
  Operation* owner_ = nullptr;
  ZeroCopy zero_copy_;
};

}  // namespace weft::tcp
