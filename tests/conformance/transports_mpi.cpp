// The world that mpirun starts, and the transports in it: every rank runs this program. The control plane, messages,
// every algorithm over them, and the transport's own collectives.
#include <algorithm>

#include <fmt/format.h>

#include "collectives/registry.hpp"
#include "tests/conformance/run_collectives.hpp"
#include "tests/conformance/transport_cases.hpp"
#include "tests/conformance/world_cases.hpp"
#include "worlds/registry.hpp"

namespace {

using namespace weft;

constexpr Nanoseconds kTimeout = 120'000'000'000;

int check_all(World& world) {
  int worst = check_allgather(world);
  if (worst != 0) fmt::print("allgather broke its promise {}\n", worst);
  const auto collectives = [&](const Transport& transport, const Algorithm* algorithm) {
    world.set_deadline(kTimeout, "conformance of the collectives");
    worst = std::max(worst, check_collectives(world, transport, algorithm));
  };
  for (const Transport& transport : transports::registry().entries()) {
    if (!transport.refuses(world, {}).empty()) continue;
    worst = std::max(worst, check_transport(world, transport, true));
    collectives(transport, nullptr);
    for (const Algorithm& algorithm : weft::collectives::registry().entries()) collectives(transport, &algorithm);
  }
  return worst;
}

}  // namespace

int main() { return worlds::registry().find("mpi").launch({.timeout = kTimeout}, check_all); }
