// libfabric: tagged messages between reliable datagram endpoints, over the provider that is named.
#include "core/error.hpp"
#include "transports/messenger_communicator.hpp"
#include "transports/ofi/messenger.hpp"
#include "transports/refuses_fibers.hpp"

namespace weft::ofi {
namespace {

std::shared_ptr<Domain> open_domain(const std::string& provider) {
  Info info = find_provider(provider);
  if (info == nullptr) throw TransportError(lacks_provider(provider));
  return std::make_shared<Domain>(std::move(info));
}

std::string refuses_ofi(const World& world, const TransportOptions& options) {
  if (std::string refused = refuses_fibers("ofi", world); !refused.empty()) return refused;
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
          .flags = {"--ofi-provider"},
          .refuses = weft::ofi::refuses_ofi,
          .create = [](World& world, const TransportOptions& options) -> std::unique_ptr<Communicator> {
            const auto open = [&options] { return weft::ofi::open_domain(options.ofi_provider); };
            return std::make_unique<weft::MessengerCommunicator<weft::ofi::Messenger>>(world, options, open);
          }};
}

}  // namespace weft::transports::ofi
