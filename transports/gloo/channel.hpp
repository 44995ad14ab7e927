#pragma once

#include <atomic>
#include <memory>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include <gloo/transport/unbound_buffer.h>

#include "transports/gloo/mesh.hpp"
#include "transports/gloo/own_messages.hpp"

namespace weft::gloo {

/// One channel of messages. Gloo begins with an operation when it is posted, and tells of its end only who blocks until
/// then: so each channel has a thread that waits. What was posted until a progress() is handed to it as one batch, and
/// is complete when all of it is.
class Channel {
 public:
  /// `number` tells the channel from the others, on all ranks alike; `world` is asked what became of a peer that is
  /// lost; `bell` is released when a batch has ended.
  Channel(World& world, Mesh& mesh, int number, std::counting_semaphore<>& bell);
  /// Lets go of what is outstanding.
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  void post_send(int peer, const std::byte* data, Bytes bytes, Pending& pending);
  void post_recv(int peer, std::byte* into, Bytes bytes, Pending& pending);

  /// Counts down a batch that has ended, and hands over the next. Throws TransportError.
  void progress();

 private:
  struct Operation {
    int peer;
    bool receives;
    Pending* pending;
  };

  void begin(const Operation& operation, const std::byte* data, Bytes bytes);
  void serve();
  void await_batch();
  [[noreturn]] void lose(int peer, const std::string& words);

  World& world_;
  Mesh& mesh_;
  std::uint64_t slot_;
  std::counting_semaphore<>& bell_;
  // By peer; null for this rank. Each spans all of memory, so that a message's place is an offset in it and none is
  // made for a message. Gloo ends the operations of one with one peer in their order.
  std::vector<std::unique_ptr<::gloo::transport::UnboundBuffer>> buffers_;
  OwnMessages own_;
  std::vector<Operation> posted_;

  // The thread's, from when handed_over_ is counted up until ended_ is.
  std::vector<Operation> batch_;
  std::string failure_;  // Gloo's words; empty: there was none
  int lost_ = 0;         // the peer that they are about
  std::atomic<unsigned> handed_over_ = 0;
  std::atomic<unsigned> ended_ = 0;

  std::atomic<bool> closing_ = false;
  std::thread thread_;
};

}  // namespace weft::gloo
