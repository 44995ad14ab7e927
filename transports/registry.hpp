#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/registry.hpp"
#include "transports/communicator.hpp"
#include "transports/fabric_model.hpp"
#include "transports/memory_kind.hpp"
#include "transports/tcp_options.hpp"
#include "worlds/world.hpp"

namespace weft {

struct TransportOptions {
  std::uint64_t seed = 1;
  int launch = 0;               ///< number of this launch in its campaign
  bool oversubscribed = false;  ///< more ranks than cores: waiting loops yield
  bool carry_data = true;       ///< simulating transports: move the bytes too, so that they can be checked
  FabricModel model;
  TcpOptions tcp = {};
  std::string ofi_provider = {};              ///< ofi: its name; empty: the first that serves
  MemoryKind memory = MemoryKind::automatic;  ///< that the payload lies in
  Nanoseconds timeout = 30'000'000'000;       ///< how long a silent rank is waited for
  bool share_devices = false;                 ///< nccl: several ranks may have one device
};

/// A back end. Adding one: a file with `Transport name()` and a line in transports/CMakeLists.txt.
struct Transport {
  std::string name;
  std::string summary;
  /// Of the library beneath ("Open MPI v4.1.4"), for the run's provenance; null where there is none. It is asked only
  /// where the transport is used.
  std::function<std::string()> version = {};
  /// The name of the world it needs to be launched in when there is a choice ("mpi", "fibers"), or empty where any real
  /// one serves.
  std::string needs_world;
  /// The hardware without which `refuses` says that there is none ("a CUDA device"); empty where any host serves.
  std::string needs_device = {};
  /// Whether the library beneath allocates memory for messages, whatever Communicator promises of itself.
  bool library_allocates = false;
  /// The flags of `weft run` that this transport takes, of those that not every one does ("--tcp-streams"): one that no
  /// chosen transport takes is refused.
  std::vector<std::string> flags = {};
  /// Empty where it can run in this world, else a sentence. Not collective.
  std::function<std::string(const World&, const TransportOptions&)> refuses;
  /// Collective. Throws TransportError.
  std::function<std::unique_ptr<Communicator>(World&, const TransportOptions&)> create;

  std::string key() const { return name; }
};

namespace transports {
const Registry<Transport>& registry();
/// Registry::extend, for plugins (plugins/load.hpp).
void extend(std::vector<Transport> more);
}  // namespace transports

}  // namespace weft
