// TCP over weft's own non-blocking sockets. The thread that waits for a message reads the socket on which it is to
// come: no thread of the transport's own, and no call that asks first whether there is something, unless many peers are
// awaited at a time. How messages are framed is in wire.hpp, how they are matched in messenger.hpp.
#include <sched.h>

#include "transports/registry.hpp"
#include "transports/tcp/messenger.hpp"

namespace weft::tcp {
namespace {

class TcpCommunicator final : public Communicator {
 public:
  TcpCommunicator(World& world, const TransportOptions& options)
      : Communicator(world.rank(), world.ranks()),
        oversubscribed_(options.oversubscribed),
        memory_(options.memory),
        messenger_(world, connect_all(world, options.tcp)) {}

  Memory allocate(Bytes bytes) override { return allocate_pages(bytes, memory_); }

  void post_send(int peer, int channel, const std::byte* data, Bytes bytes, Pending& pending) override {
    messenger_.post_send(peer, channel, data, bytes, pending);
  }
  void post_recv(int peer, int channel, std::byte* into, Bytes bytes, Pending& pending) override {
    messenger_.post_recv(peer, channel, into, nullptr, bytes, Reduction{}, pending);
  }
  bool offers_recv_reduce() const override { return true; }
  void post_recv_reduce(int peer, int channel, std::byte* into, const std::byte* with, Bytes bytes,
                        const Reduction& reduction, Pending& pending) override {
    messenger_.post_recv(peer, channel, into, with, bytes, reduction, pending);
  }

  void progress() override { messenger_.progress(); }

  void relax(Nanoseconds) override {
    messenger_.keep_vigil();
    if (oversubscribed_) sched_yield();  // sleeping until something arrives was measured to take twice as long
  }

 private:
  bool oversubscribed_;
  MemoryKind memory_;
  Messenger messenger_;
};

std::string refuses_tcp(const World& world, const TransportOptions& options) {
  if (world.name() == "fibers") return "tcp needs ranks that run at the same time; 'fibers' has one thread for all";
  if (std::string refused = refuses_pages("tcp", options.memory); !refused.empty()) return refused;
  return flaw_of(options.tcp);
}

}  // namespace
}  // namespace weft::tcp

namespace weft::transports::tcp {

Transport entry() {
  return {.name = "tcp",
          .summary =
              "own TCP sockets: several streams between two ranks, fused receive-reduce, no copy where the "
              "kernel has it",
          .needs_world = "",
          .refuses = weft::tcp::refuses_tcp,
          .create = [](World& world, const TransportOptions& options) -> std::unique_ptr<Communicator> {
            return std::make_unique<weft::tcp::TcpCommunicator>(world, options);
          }};
}

}  // namespace weft::transports::tcp
