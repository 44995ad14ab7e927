#include "transports/tcp_options.hpp"

#include <fmt/format.h>

#include "core/system.hpp"
#include "core/text.hpp"
#include "transports/tcp/address.hpp"

namespace weft {

std::string flaw_of(const TcpOptions& options) {
  if (options.streams < 1 || options.streams > kMostTcpStreams)
    return fmt::format("--tcp-streams: from 1 to {} between two ranks, not {}", kMostTcpStreams, options.streams);
  if (options.interface.empty() || tcp::find_interface(options.interface)) return {};
  std::vector<std::string> known;
  for (const tcp::Interface& interface : tcp::interfaces())
    known.push_back(interface.name + " " + interface.address.text());
  return fmt::format(
      "--tcp-interface {}: host {} has no interface of this name, address or subnet that is up (it has: {})",
      options.interface, host_name(), join(known, ", "));
}

}  // namespace weft
