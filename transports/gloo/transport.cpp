// Gloo: the collectives that PyTorch runs where it has no device, over TCP.
#include <fmt/format.h>
#include <gloo/config.h>

#include "transports/gloo/gloo_communicator.hpp"
#include "transports/refuses_fibers.hpp"

namespace weft::transports::gloo {
namespace {

std::string refuses_gloo(const World& world, const TransportOptions& options) {
  if (std::string refused = refuses_fibers("gloo", world); !refused.empty()) return refused;
  if (std::string refused = refuses_pages("gloo", options.memory); !refused.empty()) return refused;
  return flaw_of(options.tcp);
}

std::string library_version() {
  return fmt::format("Gloo {}.{}.{}", GLOO_VERSION_MAJOR, GLOO_VERSION_MINOR, GLOO_VERSION_PATCH);
}

}  // namespace

Transport entry() {
  return {.name = "gloo",
          .summary = "Gloo: its collectives, and messages by its unbound buffers, over TCP",
          .version = library_version,
          .needs_world = "",
          .library_allocates = true,
          .flags = {"--tcp-interface"},
          .refuses = refuses_gloo,
          .create = [](World& world, const TransportOptions& options) -> std::unique_ptr<Communicator> {
            return std::make_unique<weft::gloo::GlooCommunicator>(world, options);
          }};
}

}  // namespace weft::transports::gloo
