// The world env, process by process, for hosts of their own: conformance_env_hosts SECONDS checks what allgather
// promises, says on rank 0 which hosts came, and then meets again and again for so many seconds.
#include <cstdio>
#include <cstdlib>

#include "core/system.hpp"
#include "tests/conformance/world_cases.hpp"
#include "worlds/registry.hpp"

namespace weft {
namespace {

constexpr Nanoseconds kSecond = 1'000'000'000;
constexpr Nanoseconds kTimeout = 4 * kSecond;

int meet(World& world, Nanoseconds duration) {
  world.set_deadline(60 * kSecond, "conformance");
  if (const int broken = check_allgather(world); broken != 0) return broken;
  for (const std::string& host : world.gather(host_name())) std::printf("%s\n", host.c_str());
  std::fflush(stdout);
  const Nanoseconds end = monotonic_now() + duration;
  for (bool more = true; more;) {
    world.set_deadline(kTimeout, "meeting again");
    more = world.allgather(monotonic_now() < end ? "more" : "").front() == "more";
  }
  world.set_deadline(0, "");
  return 0;
}

}  // namespace
}  // namespace weft

int main(int argc, char** argv) {
  const auto duration = static_cast<weft::Nanoseconds>(argc > 1 ? std::atof(argv[1]) * 1e9 : 0);
  return weft::worlds::registry().find("env").launch({.timeout = weft::kTimeout},
                                                     [&](weft::World& world) { return weft::meet(world, duration); });
}
