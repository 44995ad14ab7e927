#include "transports/nccl/seats.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>

#include <fmt/format.h>
#include <unistd.h>

#include "core/error.hpp"
#include "core/system.hpp"
#include "transports/nccl/device.hpp"
#include "worlds/together.hpp"

namespace weft::nccl {

namespace {

std::string host_of_this_process() { return host_name() + " " + boot_id(); }

int index_on_host(World& world) {
  const std::vector<std::string> hosts = world.allgather(host_of_this_process());
  int index = 0;
  for (int rank = 0; rank < world.ranks() && rank < world.rank(); ++rank)
    index += hosts[static_cast<std::size_t>(rank)] == hosts[static_cast<std::size_t>(world.rank())] ? 1 : 0;
  return index;
}

/// The first two ranks whose blobs are equal, as "ranks 0 and 1"; empty where there are none.
std::string first_twins(const std::vector<std::string>& blobs) {
  std::map<std::string, std::size_t> first;
  for (std::size_t rank = 0; rank < blobs.size(); ++rank) {
    const auto [known, is_new] = first.emplace(blobs[rank], rank);
    if (!is_new) return fmt::format("ranks {} and {}", known->second, rank);
  }
  return {};
}

/// Messages then go over sockets, of the loopback interface where there is no other host. What the user has set stays.
void pretend_hosts(World& world, bool one_host) {
  setenv("NCCL_HOSTID", fmt::format("{}-{}", host_of_this_process(), world.rank()).c_str(), 0);
  if (one_host) setenv("NCCL_SOCKET_IFNAME", "lo", 0);
}

}  // namespace

void take_seat(World& world, const TransportOptions& options) {
  const int index = index_on_host(world);
  std::string identity;
  together(world, [&] {
    const int device = index % device_count();
    use_device(device);
    identity = device_identity(device);
  });
  // weft binds a rank to one core, which its threads of NCCL's must not have to share with it.
  setenv("NCCL_IGNORE_CPU_AFFINITY", "1", 0);
  const std::string twins = first_twins(world.allgather(identity));
  if (twins.empty()) return;
  if (!options.share_devices)
    throw TransportError(
        fmt::format("nccl: {} have one {} device, and {} wants one for each rank: start fewer ranks, or allow it with "
                    "--share-device",
                    twins, kRuntime, kLibrary));
  const std::vector<std::string> hosts = world.allgather(host_of_this_process());
  const std::string process = fmt::format("{} {}", host_of_this_process(), getpid());
  if (const std::string threads = first_twins(world.allgather(process)); !threads.empty())
    throw TransportError(fmt::format("nccl: {} are threads of one process, which cannot share a device", threads));
  pretend_hosts(world, std::count(hosts.begin(), hosts.end(), hosts.front()) == world.ranks());
}

}  // namespace weft::nccl
