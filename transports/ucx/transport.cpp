// UCX: tagged messages of its UCP layer, over whatever of InfiniBand, shared memory and TCP it finds.
#include <fmt/format.h>
#include <sched.h>

#include "transports/registry.hpp"
#include "transports/ucx/context.hpp"
#include "transports/ucx/library.hpp"
#include "transports/ucx/messenger.hpp"
#include "worlds/together.hpp"

namespace weft::ucx {
namespace {

class UcxCommunicator final : public Communicator {
 public:
  UcxCommunicator(World& world, const TransportOptions& options)
      : Communicator(world.rank(), world.ranks()), yields_(options.oversubscribed), memory_(options.memory) {
    together(world, [&] {
      context_ = std::make_shared<Context>(world.ranks());
      messenger_ = std::make_unique<Messenger>(world, context_);
    });
    messenger_->connect();
  }

  // Where something is outstanding the run has failed and the process ends: UCX does not let go of what is half done,
  // from and to buffers that are gone, without aborting, so it is left open.
  ~UcxCommunicator() override {
    if (messenger_->busy()) static_cast<void>(messenger_.release());
  }

  Memory allocate(Bytes bytes) override { return new_mapped_pages(context_, bytes, memory_); }

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
  bool yields_;
  MemoryKind memory_;
  std::shared_ptr<Context> context_;  // memory that outlives this keeps it
  std::unique_ptr<Messenger> messenger_;
};

std::string refuses_ucx(const World& world, const TransportOptions& options) {
  if (world.name() == "fibers") return "ucx needs ranks that run at the same time; 'fibers' has one thread for all";
  return refuses_pages("ucx", options.memory);
}

}  // namespace
}  // namespace weft::ucx

namespace weft::transports::ucx {

Transport entry() {
  weft::ucx::prepare_library();
  return {.name = "ucx",
          .summary = "UCX: tagged messages over InfiniBand, shared memory or TCP, as UCX chooses",
          .version = [] { return fmt::format("UCX {}", ucp_get_version_string()); },
          .needs_world = "",
          .refuses = weft::ucx::refuses_ucx,
          .create = [](World& world, const TransportOptions& options) -> std::unique_ptr<Communicator> {
            return std::make_unique<weft::ucx::UcxCommunicator>(world, options);
          }};
}

}  // namespace weft::transports::ucx
