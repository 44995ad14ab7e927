// libfabric: tagged messages between reliable datagram endpoints, over the provider that is named.
#include <sched.h>

#include "core/error.hpp"
#include "transports/ofi/messenger.hpp"
#include "transports/registry.hpp"
#include "worlds/together.hpp"

namespace weft::ofi {
namespace {

std::shared_ptr<Domain> open_domain(const std::string& provider) {
  Info info = find_provider(provider);
  if (info == nullptr) throw TransportError(lacks_provider(provider));
  return std::make_shared<Domain>(std::move(info));
}

class OfiCommunicator final : public Communicator {
 public:
  OfiCommunicator(World& world, const TransportOptions& options)
      : Communicator(world.rank(), world.ranks()), yields_(options.oversubscribed), memory_(options.memory) {
    together(world, [&] {
      domain_ = open_domain(options.ofi_provider);
      messenger_ = std::make_unique<Messenger>(world, domain_);
    });
    messenger_->connect(domain_);
  }

  // Where something is outstanding the run has failed and the process ends: a provider that is closed may yet write to
  // buffers that are gone, so it is left open.
  ~OfiCommunicator() override {
    if (messenger_->busy()) static_cast<void>(messenger_.release());
  }

  Memory allocate(Bytes bytes) override { return new_pages(domain_, bytes, memory_); }

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
  std::shared_ptr<Domain> domain_;  // memory that outlives this keeps it
  std::unique_ptr<Messenger> messenger_;
};

std::string refuses_ofi(const World& world, const TransportOptions& options) {
  if (world.name() == "fibers") return "ofi needs ranks that run at the same time; 'fibers' has one thread for all";
  if (std::string refused = refuses_pages("ofi", options.memory); !refused.empty()) return refused;
  return lacks_provider(options.ofi_provider);
}

}  // namespace
}  // namespace weft::ofi

namespace weft::transports::ofi {

Transport entry() {
  return {.name = "ofi",
          .summary = "libfabric: tagged messages over the provider that --ofi-provider names",
          .version = weft::ofi::version_of_library,
          .needs_world = "",
          .refuses = weft::ofi::refuses_ofi,
          .create = [](World& world, const TransportOptions& options) -> std::unique_ptr<Communicator> {
            return std::make_unique<weft::ofi::OfiCommunicator>(world, options);
          }};
}

}  // namespace weft::transports::ofi
