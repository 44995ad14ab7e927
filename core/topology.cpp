#include "core/topology.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <utility>

#include <hwloc.h>
#include <nlohmann/json.hpp>

#include "core/system.hpp"

namespace weft {

namespace {

struct Destroy {
  void operator()(hwloc_topology* topology) const { hwloc_topology_destroy(topology); }
  void operator()(hwloc_bitmap_s* bitmap) const { hwloc_bitmap_free(bitmap); }
};
using Machine = std::unique_ptr<hwloc_topology, Destroy>;
using Bitmap = std::unique_ptr<hwloc_bitmap_s, Destroy>;

/// This host, found out once: it takes milliseconds.
hwloc_topology* machine() {
  static const Machine loaded = [] {
    hwloc_topology* topology = nullptr;
    if (hwloc_topology_init(&topology) != 0) throw std::runtime_error("hwloc cannot start");
    Machine owned(topology);
    if (hwloc_topology_load(topology) != 0) throw std::runtime_error("hwloc cannot read this host's topology");
    return owned;
  }();
  return loaded.get();
}

Bitmap empty_bitmap() { return Bitmap(hwloc_bitmap_alloc()); }

std::string list_of(hwloc_const_bitmap_t bitmap) {
  char* text = nullptr;
  if (hwloc_bitmap_list_asprintf(&text, bitmap) < 0) throw std::bad_alloc();
  std::string list = text;
  std::free(text);  // NOLINT(cppcoreguidelines-no-malloc): hwloc allocates with malloc
  return list;
}

/// The CPUs that the calling thread may run on.
Bitmap current_cpus() {
  Bitmap cpus = empty_bitmap();
  hwloc_const_bitmap_t allowed = hwloc_topology_get_allowed_cpuset(machine());
  if (hwloc_get_cpubind(machine(), cpus.get(), HWLOC_CPUBIND_THREAD) != 0) hwloc_bitmap_copy(cpus.get(), allowed);
  hwloc_bitmap_and(cpus.get(), cpus.get(), allowed);
  return cpus;
}

/// Objects of the type that hold some of the CPUs, in logical order.
std::vector<hwloc_obj_t> objects(hwloc_obj_type_t type, hwloc_const_bitmap_t cpus) {
  std::vector<hwloc_obj_t> found;
  for (hwloc_obj_t object = nullptr; (object = hwloc_get_next_obj_by_type(machine(), type, object)) != nullptr;)
    if (hwloc_bitmap_intersects(object->cpuset, cpus) != 0) found.push_back(object);
  return found;
}

/// Cores, or hardware threads where the host does not tell which belong to one core.
std::vector<hwloc_obj_t> cores_with(hwloc_const_bitmap_t cpus) {
  const auto cores = objects(HWLOC_OBJ_CORE, cpus);
  return cores.empty() ? objects(HWLOC_OBJ_PU, cpus) : cores;
}

int only_one(const std::vector<hwloc_obj_t>& found) {
  return found.size() == 1 ? static_cast<int>(found.front()->logical_index) : -1;
}

std::string kernel_identity() {
  const std::string boot = boot_id();
  return boot == kUnknownFact ? host_name() : boot;
}

int within_quota(std::size_t cores) {
  const int quota = cpu_quota();
  return quota > 0 ? std::min(quota, static_cast<int>(cores)) : static_cast<int>(cores);
}

/// Ranks that share cores, or a quota.
struct Sharers {
  CoreShortage found;
  Bitmap cores = empty_bitmap();
  int quota = 0;

  void add(const Place& place) {
    const Bitmap more = empty_bitmap();
    hwloc_bitmap_list_sscanf(more.get(), place.cores.c_str());
    hwloc_bitmap_or(cores.get(), cores.get(), more.get());
    ++found.ranks;
    if (std::find(found.hosts.begin(), found.hosts.end(), place.host) == found.hosts.end())
      found.hosts.push_back(place.host);
  }
  bool crowded() {
    found.cores = hwloc_bitmap_weight(cores.get());
    if (quota > 0) found.cores = std::min(found.cores, quota);
    return found.ranks > found.cores;
  }
};

}  // namespace

void to_json(nlohmann::json& json, const Place& place) {
  json = {{"host", place.host},
          {"kernel", place.kernel},
          {"package", place.package},
          {"numa", place.numa},
          {"core", place.core},
          {"binding", place.binding},
          {"cores", place.cores},
          {"quota", place.quota},
          {"quota_group", place.quota_group},
          {"allowed_cores", place.allowed_cores},
          {"allowed_cpus", place.allowed_cpus}};
}

void from_json(const nlohmann::json& json, Place& place) {
  json.at("host").get_to(place.host);
  json.at("kernel").get_to(place.kernel);
  json.at("package").get_to(place.package);
  json.at("numa").get_to(place.numa);
  json.at("core").get_to(place.core);
  json.at("binding").get_to(place.binding);
  json.at("cores").get_to(place.cores);
  json.at("quota").get_to(place.quota);
  json.at("quota_group").get_to(place.quota_group);
  json.at("allowed_cores").get_to(place.allowed_cores);
  json.at("allowed_cpus").get_to(place.allowed_cpus);
}

Place current_place() {
  const Bitmap cpus = current_cpus();
  const bool bound = hwloc_bitmap_isequal(cpus.get(), hwloc_topology_get_allowed_cpuset(machine())) == 0;
  const auto cores = cores_with(cpus.get());
  // A container's logical indices count what it may use; the first CPU, usable or not, is the same core everywhere.
  const Bitmap first_cpus = empty_bitmap();
  for (const hwloc_obj_t core : cores)
    hwloc_bitmap_set(first_cpus.get(), static_cast<unsigned>(hwloc_bitmap_first(core->complete_cpuset)));
  return {.host = host_name(),
          .kernel = kernel_identity(),
          .package = only_one(objects(HWLOC_OBJ_PACKAGE, cpus.get())),
          .numa = only_one(objects(HWLOC_OBJ_NUMANODE, cpus.get())),
          .core = only_one(cores),
          .binding = bound ? list_of(cpus.get()) : "unbound",
          .cores = list_of(first_cpus.get()),
          .allowed_cores = static_cast<int>(cores.size()),
          .allowed_cpus = hwloc_bitmap_weight(cpus.get()),
          .quota = cpu_quota(),
          .quota_group = cpu_quota_group()};
}

std::string hwloc_version() {
  const unsigned version = hwloc_get_api_version();
  return std::to_string(version >> 16) + "." + std::to_string(version >> 8 & 0xff) + "." +
         std::to_string(version & 0xff);
}

int usable_cores() { return within_quota(cores_with(current_cpus().get()).size()); }

int host_cores() { return within_quota(cores_with(hwloc_topology_get_allowed_cpuset(machine())).size()); }

bool bind_to_core(int index) {
  const Bitmap cpus = current_cpus();
  const auto cores = cores_with(cpus.get());
  if (cores.empty() || index < 0) return false;
  hwloc_bitmap_and(cpus.get(), cpus.get(), cores[static_cast<std::size_t>(index) % cores.size()]->cpuset);
  return hwloc_set_cpubind(machine(), cpus.get(), HWLOC_CPUBIND_PROCESS) == 0;
}

Bytes last_level_cache() {
  const Bitmap cpus = current_cpus();
  const int first = hwloc_bitmap_first(cpus.get());
  if (first < 0) return 0;
  Bytes size = 0;
  for (hwloc_obj_t object = hwloc_get_pu_obj_by_os_index(machine(), static_cast<unsigned>(first)); object != nullptr;
       object = object->parent)
    if (hwloc_obj_type_is_dcache(object->type) != 0) size = object->attr->cache.size;
  return size;
}

std::map<std::string, int> Topology::ranks_per_host() const {
  std::map<std::string, int> ranks;
  for (const Place& place : places) ++ranks[place.host];
  return ranks;
}

std::vector<int> Topology::nodes() const {
  std::map<std::string, int> number;
  std::vector<int> nodes;
  for (const Place& place : places)
    nodes.push_back(number.try_emplace(place.host, static_cast<int>(number.size())).first->second);
  return nodes;
}

bool Topology::same_host() const { return ranks_per_host().size() <= 1; }

std::optional<CoreShortage> Topology::core_shortage() const {
  std::map<std::string, Sharers> hosts;
  std::map<std::string, Sharers> kernels;
  std::map<std::pair<std::string, std::uint64_t>, Sharers> quotas;
  for (const Place& place : places) {
    hosts[place.host].add(place);
    kernels[place.kernel].add(place);
    if (place.quota == 0) continue;
    Sharers& group = quotas[{place.kernel, place.quota_group}];
    group.add(place);
    group.quota = place.quota;
  }
  const auto first_crowded = [](auto& groups) -> std::optional<CoreShortage> {
    for (auto& [name, sharers] : groups)
      if (sharers.crowded()) return sharers.found;
    return {};
  };
  if (auto found = first_crowded(quotas)) return found;
  if (auto found = first_crowded(hosts)) return found;
  return first_crowded(kernels);
}

}  // namespace weft
