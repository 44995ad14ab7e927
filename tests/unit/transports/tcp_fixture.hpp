#pragma once

#include <functional>

#include "tests/unit/transports/thread_ranks.hpp"
#include "transports/registry.hpp"

namespace weft::tcp {

/// Runs `body` on ranks that have a tcp communicator with so many streams; nobody leaves before all are done.
inline void on_tcp(int ranks, int streams, const std::function<void(Communicator&, World&)>& body) {
  on_thread_ranks(ranks, [&](World& world) {
    TransportOptions options;
    options.oversubscribed = true;
    options.tcp.streams = streams;
    const auto communicator = transports::registry().find("tcp").create(world, options);
    body(*communicator, world);
    world.barrier();
  });
}

inline void wait_for(Communicator& communicator, const Pending& pending) {
  while (pending.count > 0) {
    communicator.progress();
    communicator.relax(0);
  }
}

inline void fill(std::byte* data, Bytes bytes, Bytes seed) {
  for (Bytes i = 0; i < bytes; ++i) data[i] = static_cast<std::byte>(seed + i + i / 251);
}

inline bool holds(const std::byte* data, Bytes bytes, Bytes seed) {
  for (Bytes i = 0; i < bytes; ++i)
    if (data[i] != static_cast<std::byte>(seed + i + i / 251)) return false;
  return true;
}

}  // namespace weft::tcp
