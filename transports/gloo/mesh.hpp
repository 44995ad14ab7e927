#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <gloo/context.h>

#include "transports/registry.hpp"
#include "transports/tcp/address.hpp"

namespace weft::gloo {

/// Longer than any wait for other ranks: how long a rank is waited for is the World's to say, and a wait that Gloo
/// gives up closes all connections.
inline constexpr std::chrono::hours kUnlimited{24};

/// Gloo's context of one rank: a connection to every other one, and a thread of Gloo's that serves them.
class Mesh final : public ::gloo::Context {
 public:
  /// Connects with every rank. Collective. Throws TransportError, then on all ranks, and what the World throws.
  Mesh(World& world, const TransportOptions& options);

  const std::string& host_of(int peer) const { return choice_.host(peer); }

 private:
  std::string listen(std::chrono::milliseconds patience);
  void connect(const std::vector<std::string>& addresses);

  tcp::AddressChoice choice_;
};

}  // namespace weft::gloo
