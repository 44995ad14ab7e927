#include "analysis/conditions.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include <nlohmann/json.hpp>

#include "core/text.hpp"

namespace weft {

namespace {

using nlohmann::json;
using std::string_view_literals::operator""sv;

// They choose which points there are, and points are matched by what they are; and how much of a run is kept.
constexpr std::array kChoosing = {"patterns"sv, "transports"sv, "min_bytes"sv,  "max_bytes"sv,
                                  "factor"sv,   "dtypes"sv,     "ops"sv,        "algorithms"sv,
                                  "in_place"sv, "samples"sv,    "dispatchers"sv};
// A permission, and what the rows tell themselves as it came about.
constexpr std::array kToldByRows = {"oversubscribe"sv, "cache"sv};
constexpr std::array kOfModels = {"model"sv,       "model_shape"sv,  "tokens"sv,    "routers"sv,       "routings"sv,
                                  "replay_step"sv, "replay_layer"sv, "placement"sv, "ranks_per_node"sv};
constexpr std::array kOfPipelines = {"micro_batches"sv, "stages"sv,      "virtual_stages"sv, "schedule"sv,
                                     "forward_ns"sv,    "backward_ns"sv, "weight_ns"sv};
constexpr std::array kSections = {"configuration"sv, "host"sv,        "topology"sv, "libraries"sv,
                                  "transports"sv,    "environment"sv, "build"sv};
constexpr std::array kOfHosts = {"cpu"sv, "kernel"sv, "governor"sv, "clock_source"sv, "cpu_quota"sv};
constexpr auto kMemory = "memory_GiB"sv;
constexpr std::array kOfRanks = {"binding"sv, "cores"sv, "quota"sv};
constexpr std::array kOfTopology = {"hosts"sv, "ranks_per_host"sv, "oversubscribed"sv};

template <std::size_t Count>
bool is_among(const std::array<std::string_view, Count>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

json member(const json& object, std::string_view name) {
  return object.is_object() && object.contains(name) ? object[name] : json();
}

json section(const json& object, const char* name) {
  json found = member(object, name);
  return found.is_object() ? found : json::object();
}

json configuration_conditions(const json& configuration) {
  json kept = json::object();
  for (const auto& [name, value] : configuration.items())
    if (!is_among(kChoosing, name) && !is_among(kToldByRows, name)) kept[name] = value;
  return kept;
}

json host_conditions(const json& host) {
  json kept = json::object();
  for (const auto& [name, value] : host.items())
    if (is_among(kOfHosts, name)) kept[name] = value;
  // In GiB: what the kernel keeps for itself changes with its version.
  constexpr double kGibibyte = 1024.0 * 1024 * 1024;
  if (const json memory = member(host, "memory_bytes"); memory.is_number())
    kept[kMemory] = std::llround(memory.get<double>() / kGibibyte);
  return kept;
}

/// `places` is run.json's topology: an object per rank, or null.
json topology_conditions(const json& places) {
  if (!places.is_array()) return json::object();
  std::vector<std::string> hosts;  // in the order of their first rank: their names do not matter
  json kept = {{"ranks_per_host", json::array()}};
  json& per_host = kept["ranks_per_host"];
  for (const json& place : places) {
    const json host_name = member(place, "host");
    const std::string host = host_name.is_string() ? host_name.get<std::string>() : std::string();
    const auto at = static_cast<std::size_t>(std::find(hosts.begin(), hosts.end(), host) - hosts.begin());
    if (at == hosts.size()) {
      hosts.push_back(host);
      per_host.push_back(0);
    }
    per_host[at] = per_host[at].get<int>() + 1;
    for (const std::string_view name : kOfRanks) kept[name].push_back(member(place, name));
  }
  kept["hosts"] = hosts.size();
  return kept;
}

json environment_conditions(const json& environment) {
  json kept = json::object();
  // The launcher's: numbers of the rank and of the batch job.
  for (const auto& [name, value] : environment.items())
    if (!name.starts_with("OMPI_COMM_WORLD_") && name != "SLURM_JOB_ID") kept[name] = value;
  return kept;
}

}  // namespace

json conditions_of(const json& run_info) {
  const json provenance = member(run_info, "provenance");
  return {{"configuration", configuration_conditions(section(run_info, "configuration"))},
          {"host", host_conditions(section(provenance, "host"))},
          {"topology", topology_conditions(member(run_info, "topology"))},
          {"libraries", section(provenance, "libraries")},
          {"transports", section(provenance, "transports")},
          {"environment", environment_conditions(section(provenance, "environment"))},
          {"build", section(provenance, "build")}};
}

json conditions_of(const Record& record) {
  return {{"configuration", {{"cache", record.cache}}}, {"topology", {{"oversubscribed", record.oversubscribed}}}};
}

bool concerns(const std::string& key, const Record& record) {
  const std::vector<std::string> parts = split(key, '.');
  if (parts.size() < 2) return true;
  const std::string& name = parts[1];
  if (parts[0] == "libraries" || parts[0] == "transports") return name == record.transport;
  if (parts[0] != "configuration") return true;
  if (name == "fabric") return record.transport == "model";
  if (name == "tcp" || name == "gloo" || name == "ofi") return record.transport == name;
  if (name == "congest") return record.pattern == "congest";
  if (name == "share_device") return record.transport == "nccl";
  if (is_among(kOfPipelines, name)) return record.pattern == "pipeline";
  if (is_among(kOfModels, name)) return record.pattern == "pipeline" || record.pattern == "moe";
  return true;
}

std::vector<std::string> condition_sections() { return {kSections.begin(), kSections.end()}; }

std::vector<std::string> condition_names(const std::string& section) {
  std::vector<std::string> names;
  if (section == "host") {
    names.assign(kOfHosts.begin(), kOfHosts.end());
    names.emplace_back(kMemory);
  }
  if (section == "topology") {
    names.assign(kOfTopology.begin(), kOfTopology.end());
    names.insert(names.end(), kOfRanks.begin(), kOfRanks.end());
  }
  return names;
}

json notable(const json& run_info) {
  const json provenance = member(run_info, "provenance");
  return {{"weft", member(provenance, "weft")}, {"host", {{"name", member(member(provenance, "host"), "name")}}}};
}

}  // namespace weft
