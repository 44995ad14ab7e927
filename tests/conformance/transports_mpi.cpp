// The world that mpirun starts, and the transports in it: every rank runs this program. The control plane, messages,
// every algorithm over them, and the transport's own collectives.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <fmt/format.h>

#include "measure/global_clock.hpp"
#include "tests/conformance/run_collectives.hpp"
#include "tests/conformance/transport_cases.hpp"
#include "tests/conformance/world_cases.hpp"
#include "worlds/registry.hpp"

namespace {

using namespace weft;

constexpr Nanoseconds kTimeout = 120'000'000'000;

/// The ranks of this machine read one clock: found to be so, and right within the bound where it is not known.
int check_clock(World& world, const Transport& transport) {
  world.set_deadline(kTimeout, "conformance of the common clock");
  const auto communicator = transport.create(world, {.oversubscribed = true, .model = {}, .share_devices = true});
  const Timer timer(*communicator);
  std::vector<int> nodes(static_cast<std::size_t>(world.ranks()));
  const bool shared = GlobalClock(*communicator, world, timer, nodes).bounds().shared;
  std::iota(nodes.begin(), nodes.end(), 0);
  const GlobalClock clock(*communicator, world, timer, nodes);
  const Nanoseconds now = timer.now();
  const auto error = static_cast<double>(std::abs(clock.to_global(now) - now));
  if (shared && error <= clock.bounds().bound_ns) return 0;
  fmt::print(stderr, "{}: one clock {}, or {} ns apart where {} are promised\n", transport.name, shared, error,
             clock.bounds().bound_ns);
  return 1;
}

int check_all(World& world) {
  int worst = check_allgather(world);
  if (worst != 0) fmt::print("allgather broke its promise {}\n", worst);
  for (const Transport& transport : transports::registry().entries()) {
    if (!transport.refuses(world, {}).empty()) continue;
    worst = std::max(worst, check_transport(world, transport, true));
    worst = std::max(worst, check_clock(world, transport));
    for (const bool by_node : {false, true})
      worst = std::max(worst, check_collectives(world, transport, algorithms(by_node)));
  }
  return worst;
}

}  // namespace

int main() { return worlds::registry().find("mpi").launch({.timeout = kTimeout}, check_all); }
