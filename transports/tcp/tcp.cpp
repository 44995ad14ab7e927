// TCP over weft's own non-blocking sockets. The thread that waits for a message reads the socket on which it is to
// come: no thread of the transport's own, and no call that asks first whether there is something, unless many peers are
// awaited at a time. How messages are framed is in wire.hpp, how they are matched in messenger.hpp.
#include <fmt/format.h>
#include <sched.h>

#include "core/system.hpp"
#include "transports/refuses_fibers.hpp"
#include "transports/registry.hpp"
#include "transports/tcp/handshake.hpp"
#include "transports/tcp/messenger.hpp"

namespace weft::tcp {
namespace {

/// Who does not come is named by tcp, before the World's own time-out is over.
Nanoseconds time_to_connect(Nanoseconds timeout) { return timeout / 3 * 2; }

class TcpCommunicator final : public Communicator {
 public:
  TcpCommunicator(World& world, const TransportOptions& options)
      : Communicator(world.rank(), world.ranks()),
        oversubscribed_(options.oversubscribed),
        memory_(options.memory),
        messenger_(world, connect_all(world, options.tcp, time_to_connect(options.timeout))) {}

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

/// A connection for each stream to each other rank, and strangers at the door.
std::string refuses_files(int ranks, int streams) {
  constexpr std::uint64_t kOthers = 64;  // that the process has open besides
  const std::uint64_t connections = static_cast<std::uint64_t>(ranks - 1) * static_cast<std::uint64_t>(streams);
  const std::uint64_t needed = connections + Door::kMostHalfOpen + kOthers;
  const std::uint64_t most = raise_open_files();
  if (most >= needed) return {};
  return fmt::format("tcp needs {} open files for {} ranks ({} streams each), and host {} allows {}: raise ulimit -Hn",
                     needed, ranks, streams, host_name(), most);
}

std::string refuses_tcp(const World& world, const TransportOptions& options) {
  if (std::string refused = refuses_fibers("tcp", world); !refused.empty()) return refused;
  if (std::string refused = refuses_pages("tcp", options.memory); !refused.empty()) return refused;
  if (std::string flaw = flaw_of(options.tcp); !flaw.empty()) return flaw;
  return refuses_files(world.ranks(), options.tcp.streams);
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
          .flags = {"--tcp-streams", "--tcp-interface"},
          .refuses = weft::tcp::refuses_tcp,
          .create = [](World& world, const TransportOptions& options) -> std::unique_ptr<Communicator> {
            return std::make_unique<weft::tcp::TcpCommunicator>(world, options);
          }};
}

}  // namespace weft::transports::tcp
