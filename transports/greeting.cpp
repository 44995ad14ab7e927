#include "transports/greeting.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <sched.h>

#include "core/error.hpp"

namespace weft {

void greet(World& world, Communicator& communicator, int channel, const std::vector<std::string>& hosts,
           const std::string& transport) {
  constexpr Nanoseconds kSecond = 1'000'000'000;
  constexpr Nanoseconds kLimit = 20 * kSecond;
  const Memory bytes = communicator.allocate(hosts.size() + 1);
  std::vector<Pending> pending(hosts.size());
  for (std::size_t peer = 0; peer < hosts.size(); ++peer) {
    communicator.post_recv(static_cast<int>(peer), channel, bytes.get() + peer, 1, pending[peer]);
    communicator.post_send(static_cast<int>(peer), channel, bytes.get() + hosts.size(), 1, pending[peer]);
  }
  const auto silent = [&] {
    return std::find_if(pending.begin(), pending.end(), [](const Pending& each) { return each.count > 0; });
  };
  const Nanoseconds until = monotonic_now() + kLimit;
  for (auto peer = silent(); peer != pending.end(); peer = silent()) {
    world.check();
    sched_yield();  // who has to answer may need this core
    communicator.progress();
    const auto rank = static_cast<std::size_t>(peer - pending.begin());
    if (peer->count > 0 && monotonic_now() > until)
      throw TransportError(
          fmt::format("{}: rank {} on {} has not answered for {} s", transport, rank, hosts[rank], kLimit / kSecond));
  }
}

}  // namespace weft
