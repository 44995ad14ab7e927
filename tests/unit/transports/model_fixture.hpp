#pragma once

#include <functional>
#include <limits>

#include "transports/registry.hpp"
#include "worlds/fibers.hpp"
#include "worlds/registry.hpp"

namespace weft::model_test {

inline constexpr Nanoseconds kForever = std::numeric_limits<Nanoseconds>::max();
inline constexpr Nanoseconds kAlpha = 2'000;
inline constexpr Bytes kBytes = 4'000;
inline constexpr Nanoseconds kWire = 80;  ///< 4,000 B at 50 B/ns

using CommunicatorMain = std::function<void(Communicator&, World&)>;

inline int launch(int ranks, const RankMain& main) {
  LaunchOptions options;
  options.ranks = ranks;
  return worlds::registry().find("fibers").launch(options, main);
}

inline int run(int ranks, const TransportOptions& options, const CommunicatorMain& main) {
  return launch(ranks, [&](World& world) {
    const auto communicator = transports::registry().find("model").create(world, options);
    main(*communicator, world);
    return 0;
  });
}

inline TransportOptions without_data() {
  TransportOptions options;
  options.carry_data = false;
  return options;
}

/// The virtual time of this rank, whatever its clock shows, ns.
inline Nanoseconds truth(World& world) {
  return dynamic_cast<FiberWorld&>(world).scheduler().now(world.rank()) / kPicosecondsPerNanosecond;
}

inline void finish(Communicator& communicator, const Pending& pending) {
  while (pending.count > 0) {
    communicator.progress();
    if (pending.count > 0) communicator.relax(kForever);
  }
}

inline void sleep_until(Communicator& communicator, Nanoseconds time) {
  while (communicator.now() < time) communicator.relax(time);
}

inline Nanoseconds send(Communicator& communicator, int peer, Bytes bytes = kBytes, int channel = 0) {
  Pending pending;
  communicator.post_send(peer, channel, nullptr, bytes, pending);
  finish(communicator, pending);
  return communicator.now();
}

inline Nanoseconds receive(Communicator& communicator, int peer, Bytes bytes = kBytes, int channel = 0) {
  Pending pending;
  communicator.post_recv(peer, channel, nullptr, bytes, pending);
  finish(communicator, pending);
  return communicator.now();
}

}  // namespace weft::model_test
