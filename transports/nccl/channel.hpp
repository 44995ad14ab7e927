#pragma once

#include <vector>

#include "transports/nccl/device.hpp"
#include "worlds/world.hpp"

namespace weft::nccl {

/// One channel of messages: a communicator of NCCL's with a stream of its own, so that channels do not wait for each
/// other. Operations are collected as they are posted and started together, as one group, by progress(): a send and a
/// receive of different groups would run one after the other.
class Channel {
 public:
  /// Collective over the world.
  explicit Channel(World& world);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  void post_send(int peer, const std::byte* data, Bytes bytes, Pending& pending);
  void post_recv(int peer, std::byte* into, Bytes bytes, Pending& pending);

  /// Starts what was posted, and counts down what has ended: all that is on the stream at once.
  void progress();

  /// For calls of NCCL's that are no messages, while none are outstanding: started(), then is_idle() until it holds.
  ncclComm_t comm() const { return comm_; }
  Stream stream() const { return stream_; }
  void started() { running_ = true; }
  bool is_idle();

 private:
  struct Message {
    bool sends;
    int peer;
    std::byte* data;
    Bytes bytes;
    Pending* pending;
  };

  void connect(World& world);
  void start_group();
  void check_health();

  ncclComm_t comm_ = nullptr;
  Stream stream_ = nullptr;
  std::vector<Message> posted_;
  std::vector<Pending*> owners_;  // of the operations that run
  bool running_ = false;
  unsigned polls_ = 0;
};

}  // namespace weft::nccl
