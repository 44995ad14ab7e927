#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/registry.hpp"
#include "transports/communicator.hpp"
#include "worlds/world.hpp"

namespace weft {

/// The fabric that the `model` transport simulates, in virtual time; other transports ignore it.
struct FabricModel {
  Nanoseconds latency = 2'000;  ///< alpha: from post to arrival of the first byte, ns
  double bandwidth = 50.0;      ///< GB/s = bytes per ns, each way of each rank's port
  double jitter = 0.0;          ///< sigma of a log-normal factor with median 1 on every message's latency; 0: none
  Nanoseconds skew = 0;         ///< rank r is late into every compute step by a fixed draw from [0, skew) ns
  Nanoseconds overhead = 0;     ///< o: CPU time of one post, ns (LogGP)
};

struct TransportOptions {
  std::uint64_t seed = 1;
  bool oversubscribed = false;  ///< more ranks than cores: waiting loops yield
  bool carry_data = true;       ///< simulating transports: move the bytes too, so that they can be checked
  FabricModel model;
};

/// A back end. Adding one: a file with `Transport name()` and a line in transports/CMakeLists.txt.
struct Transport {
  std::string name;
  std::string summary;
  std::string version =
      {};  ///< of the library beneath ("Open MPI v4.1.4"), for the run's provenance; empty where there is none
  /// The name of the world it needs to be launched in when there is a choice ("mpi", "fibers"), or empty where any real
  /// one serves.
  std::string needs_world;
  /// Empty where it can run in this world, else a sentence. Not collective.
  std::function<std::string(const World&, const TransportOptions&)> refuses;
  /// Collective. Throws TransportError.
  std::function<std::unique_ptr<Communicator>(World&, const TransportOptions&)> create;

  std::string key() const { return name; }
};

namespace transports {
const Registry<Transport>& registry();
}

}  // namespace weft
