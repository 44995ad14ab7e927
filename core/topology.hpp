#pragma once

#include <map>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/units.hpp"

namespace weft {

/// Where the calling thread may run. Indices are hwloc's logical ones, within the host.
struct Place {
  std::string host;
  int package = -1;       ///< -1 where the thread may run in several
  int numa = -1;          ///< NUMA node, likewise
  int core = -1;          ///< likewise: >= 0 only where it is bound to one core
  std::string binding;    ///< the CPUs that it is bound to, as a list ("0-3,8"); "unbound" where it may use all of them
  std::string cores;      ///< the cores (not hardware threads) that it may run on, as a list
  int allowed_cores = 0;  ///< how many those are
  int allowed_cpus = 0;   ///< hardware threads it may run on: affinity and cgroup cpuset
  int quota = 0;          ///< cpu_quota() of core/system.hpp: 0 is no limit

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

/// The places of all ranks, in rank order: World::allgather of each one's Place as JSON.
struct Topology {
  std::vector<Place> places;

  std::map<std::string, int> ranks_per_host() const;
  std::vector<int> nodes() const;  ///< for each rank the number of its host, in order of first appearance
  bool same_host() const;          ///< whether all ranks are on one

  /// Cores that the ranks on the host may use altogether, no more than its CPU quota.
  int cores_of(const std::string& host) const;

  /// Whether some host has more ranks than cores for them: a rank that waits then holds up one that could work.
  bool oversubscribed() const;
};

}  // namespace weft
