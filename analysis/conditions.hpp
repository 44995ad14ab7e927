#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "results/record.hpp"

namespace weft {

/// All of a run.json that says under which conditions it was measured, as an object: `configuration` without what only
/// chooses the points, `host`, `topology` (number of hosts, ranks per host, binding and cores of each rank),
/// `libraries`, `environment`, `build`. Figures are compared only where these are equal. Not among them, since they may
/// differ from launch to launch without harm: times, names of hosts, the number of the launch and of the batch job,
/// weft's version.
nlohmann::json conditions_of(const nlohmann::json& run_info);

/// The conditions that each row tells for itself, with the same names: cache, sync, oversubscribed.
nlohmann::json conditions_of(const Record& record);

/// Whether the condition matters for the point: the version of a transport for what goes over it, the router for `moe`
/// and `pipeline`, and so on. `key` is a Difference's.
bool concerns(const std::string& key, const Record& record);

/// The sections of conditions_of.
std::vector<std::string> condition_sections();

/// The names that a section can have; empty where they are whatever runs tell (flags, libraries, variables).
std::vector<std::string> condition_names(const std::string& section);

/// What may differ and is worth a note: weft's version, the name of the host.
nlohmann::json notable(const nlohmann::json& run_info);

}  // namespace weft
