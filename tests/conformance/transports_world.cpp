// A world whose processes others start, and the transports in it: every rank runs
//     conformance_transports_world WORLD [TRANSPORT …]
// with the world mpi or env. The control plane, messages, every algorithm over them, and the transport's own
// collectives: of the transports that are named, which must be there, or of all that the world has. Rank 0 says which
// were checked.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
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

bool is_named(const std::vector<std::string>& names, const Transport& transport) {
  return std::find(names.begin(), names.end(), transport.name) != names.end();
}

int check_one(World& world, const Transport& transport) {
  int worst = std::max(check_transport(world, transport, true), check_clock(world, transport));
  for (const bool by_node : {false, true})
    worst = std::max(worst, check_collectives(world, transport, algorithms(by_node)));
  if (world.rank() == 0) fmt::print("{} {}\n", transport.name, worst == 0 ? "conforms" : "does not conform");
  return worst;
}

int check_all(World& world, const std::vector<std::string>& names) {
  int worst = check_allgather(world);
  if (worst != 0) fmt::print("allgather broke its promise {}\n", worst);
  for (const Transport& transport : transports::registry().entries()) {
    const std::string refusal = transport.refuses(world, {});
    if (names.empty() ? !refusal.empty() : !is_named(names, transport)) continue;
    if (!refusal.empty()) {
      fmt::print(stderr, "{}: {}\n", transport.name, refusal);
      return 1;
    }
    worst = std::max(worst, check_one(world, transport));
  }
  return worst;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.empty()) {
    fmt::print(stderr, "usage: {} WORLD [TRANSPORT ...]\n", argv[0]);
    return 2;
  }
  for (auto name = words.begin() + 1; name != words.end(); ++name) transports::registry().find(*name);  // throws
  return worlds::registry().find(words.front()).launch({.timeout = kTimeout}, [&](World& world) {
    return check_all(world, {words.begin() + 1, words.end()});
  });
}
