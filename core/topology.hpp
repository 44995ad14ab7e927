#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/units.hpp"

namespace weft {

/// Where the calling thread may run. Indices are hwloc's logical ones, within what the host shows of itself.
struct Place {
  std::string host;
  std::string kernel;     ///< what the hosts of one machine (containers, name spaces) share: boot_id(), or the host
  int package = -1;       ///< -1 where the thread may run in several
  int numa = -1;          ///< NUMA node, likewise
  int core = -1;          ///< likewise: >= 0 only where it is bound to one core
  std::string binding;    ///< the CPUs that it is bound to, as a list ("0-3,8"); "unbound" where it may use all of them
  std::string cores;      ///< the cores that it may run on, as a list: of each its first CPU, as the kernel counts them
  int allowed_cores = 0;  ///< how many those are
  int allowed_cpus = 0;   ///< hardware threads it may run on: affinity and cgroup cpuset
  int quota = 0;          ///< cpu_quota() of core/system.hpp: 0 is no limit
  std::uint64_t quota_group = 0;  ///< who shares the quota: cpu_quota_group()

  bool operator==(const Place&) const = default;
};

void to_json(nlohmann::json& json, const Place& place);
void from_json(const nlohmann::json& json, Place& place);

/// The calling thread's place.
Place current_place();

/// Cores that the calling process may use: by its binding, and no more than its CPU quota.
int usable_cores();

/// Cores of this host that any process of its control group may use, no more than the CPU quota.
int host_cores();

/// The version of the hwloc library at run time, "2.9.0".
std::string hwloc_version();

/// Binds the calling process to the `index`-th core (modulo their number) of those it may run on. Returns false where
/// the system does not let it.
bool bind_to_core(int index);

/// Size of the last-level cache above the first CPU that the calling thread may run on, 0 where it is not known.
Bytes last_level_cache();

/// Ranks that have too few cores among them.
struct CoreShortage {
  std::vector<std::string> hosts;  ///< theirs, in order of first appearance
  int ranks = 0;
  int cores = 0;  ///< that all of them may use together, no more than their CPU quota
};

/// The places of all ranks, in rank order: World::allgather of each one's Place as JSON.
struct Topology {
  std::vector<Place> places;

  std::map<std::string, int> ranks_per_host() const;
  std::vector<int> nodes() const;  ///< for each rank the number of its host, in order of first appearance
  bool same_host() const;          ///< whether all ranks are on one

  /// Where there are more ranks than cores, so that a rank that waits holds up one that could work: in a control group
  /// with a CPU quota, on a host, or on several hosts that share a kernel and so its cores. The first that is found.
  std::optional<CoreShortage> core_shortage() const;
  bool oversubscribed() const { return core_shortage().has_value(); }
};

}  // namespace weft
