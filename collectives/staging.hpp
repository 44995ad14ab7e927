#pragma once

#include "collectives/execute.hpp"

namespace weft {

/// Lets the host write and read buffers of a communicator: in place where it reaches them, else by way of buffers of
/// its own. Never inside the timed region.
class Staging {
 public:
  /// For buffers of up to so many bytes. The communicator must outlive it.
  Staging(Communicator& communicator, Bytes in_bytes, Bytes out_bytes);

  /// use(host) writes to host.in and host.out, which the buffers hold afterwards.
  template <typename Use>
  void write(const Buffers& buffers, Use use) {
    use(host(buffers));
    if (staged_) move(buffers, true);
  }

  /// use(host) reads in host.in and host.out what the buffers hold.
  template <typename Use>
  void show(const Buffers& buffers, Use use) {
    if (staged_) move(buffers, false);
    use(host(buffers));
  }

 private:
  Buffers host(const Buffers& buffers) { return staged_ ? Buffers{in_.data(), out_.data(), nullptr} : buffers; }
  void move(const Buffers& buffers, bool to_communicator);

  Communicator& communicator_;
  bool staged_;
  std::vector<std::byte> in_, out_;  // empty where the host reaches the buffers
};

}  // namespace weft
