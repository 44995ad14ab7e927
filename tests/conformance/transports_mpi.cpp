// The transports in the world that mpirun starts: every rank runs this program.
#include <algorithm>

#include "tests/conformance/transport_cases.hpp"
#include "worlds/registry.hpp"

int main() {
  using namespace weft;
  return worlds::registry().find("mpi").launch({.timeout = 120'000'000'000}, [](World& world) {
    int worst = 0;
    for (const Transport& transport : transports::registry().entries())
      if (transport.refuses(world, {}).empty()) worst = std::max(worst, check_transport(world, transport));
    return worst;
  });
}
