#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <sched.h>

#include "core/system.hpp"
#include "transports/greeting.hpp"
#include "transports/registry.hpp"
#include "worlds/together.hpp"

namespace weft {

/// A rank's end of a library of tagged messages. `Messenger` moves them over a `Messenger::Device`, with which all
/// payload is registered; it has
/// - Messenger(World&, std::shared_ptr<Device>): may throw TransportError on this rank alone,
/// - connect(hosts), collective: makes the ranks, whose hosts these are, known to each other,
/// - post_send, post_recv and progress, as Communicator's,
/// - busy(): whether something is outstanding,
/// - facts(), as Communicator's,
/// - kName, the transport's, and kGreetings, a channel that no program uses,
/// and its namespace new_pages(device, bytes, kind): as allocate_pages(), registered, and keeping the device.
template <typename Messenger>
class MessengerCommunicator final : public Communicator {
 public:
  /// `open` makes this rank's device, and may throw TransportError. Collective.
  template <typename Open>
  MessengerCommunicator(World& world, const TransportOptions& options, Open open)
      : Communicator(world.rank(), world.ranks()), yields_(options.oversubscribed), memory_(options.memory) {
    together(world, [&] {
      device_ = open();
      messenger_.reset(new Messenger(world, device_));
    });
    const std::vector<std::string> hosts = world.allgather(host_name());
    messenger_->connect(hosts);
    together(world, [&] { greet(world, *this, Messenger::kGreetings, hosts, Messenger::kName); });
  }

  std::map<std::string, std::string> facts() const override { return messenger_->facts(); }

  Memory allocate(Bytes bytes) override { return new_pages(device_, bytes, memory_); }

  void post_send(int peer, int channel, const std::byte* data, Bytes bytes, Pending& pending) override {
    messenger_->post_send(peer, channel, data, bytes, pending);
  }
  void post_recv(int peer, int channel, std::byte* into, Bytes bytes, Pending& pending) override {
    messenger_->post_recv(peer, channel, into, bytes, pending);
  }
  void progress() override { messenger_->progress(); }

  void relax(Nanoseconds) override {
    if (yields_) sched_yield();
  }

 private:
  /// Where something is outstanding the run has failed and the process ends: a library that is closed may yet write to
  /// buffers that are gone, or abort, so it is left open.
  struct LetGo {
    void operator()(Messenger* messenger) const {
      if (!messenger->busy()) delete messenger;
    }
  };

  bool yields_;
  MemoryKind memory_;
  std::shared_ptr<typename Messenger::Device> device_;  // memory that outlives this keeps it
  std::unique_ptr<Messenger, LetGo> messenger_;
};

}  // namespace weft
