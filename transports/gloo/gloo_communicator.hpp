#pragma once

#include <deque>
#include <memory>
#include <semaphore>

#include "transports/gloo/channel.hpp"
#include "transports/gloo/mesh.hpp"

namespace weft::gloo {

/// Messages by Gloo's unbound buffers, collectives by Gloo's own.
class GlooCommunicator final : public Communicator {
 public:
  /// Collective.
  GlooCommunicator(World& world, const TransportOptions& options);

  Memory allocate(Bytes bytes) override { return allocate_pages(bytes, memory_); }

  void open_channels(int channels) override;
  bool channels_in_order() const override { return true; }
  void post_send(int peer, int channel, const std::byte* data, Bytes bytes, Pending& pending) override;
  void post_recv(int peer, int channel, std::byte* into, Bytes bytes, Pending& pending) override;
  void progress() override;
  void relax(Nanoseconds until) override;

  std::string refuses_native(const Call& call) const override;
  void native(const Call& call, const std::byte* in, std::byte* out) override;

 private:
  World& world_;
  MemoryKind memory_;
  std::shared_ptr<Mesh> mesh_;
  std::counting_semaphore<> bell_{0};  // one for each batch that ended and that relax() did not wait for
  std::deque<Channel> channels_;
};

}  // namespace weft::gloo
