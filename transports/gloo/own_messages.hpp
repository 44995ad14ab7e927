#pragma once

#include <vector>

#include "transports/communicator.hpp"

namespace weft::gloo {

/// The messages of a channel that a rank sends to itself, for which Gloo has no connection: copied as soon as both the
/// send and the receive are posted.
class OwnMessages {
 public:
  void post_send(const std::byte* data, Bytes bytes, Pending& pending);
  void post_recv(std::byte* into, Pending& pending);

 private:
  struct Send {
    const std::byte* data;
    Bytes bytes;
    Pending* pending;
  };
  struct Receive {
    std::byte* into;
    Pending* pending;
  };

  void match();

  std::vector<Send> sends_;
  std::vector<Receive> receives_;
};

}  // namespace weft::gloo
