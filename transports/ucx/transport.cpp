// UCX: tagged messages of its UCP layer, over whatever of InfiniBand, shared memory and TCP it finds.
#include <fmt/format.h>

#include "transports/messenger_communicator.hpp"
#include "transports/refuses_fibers.hpp"
#include "transports/ucx/library.hpp"
#include "transports/ucx/messenger.hpp"

namespace weft::ucx {
namespace {

std::string refuses_ucx(const World& world, const TransportOptions& options) {
  if (std::string refused = refuses_fibers("ucx", world); !refused.empty()) return refused;
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
            using weft::ucx::Context;
            const auto open = [&world] { return std::make_shared<Context>(world.ranks()); };
            return std::make_unique<weft::MessengerCommunicator<weft::ucx::Messenger>>(world, options, open);
          }};
}

}  // namespace weft::transports::ucx
