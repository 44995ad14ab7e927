#pragma once

#include <string>
#include <vector>

#include "analysis/tuning.hpp"
#include <nlohmann/json.hpp>

namespace weft::cli {

/// As `weft tune` writes them and --selection reads them (docs/tuning.md).
nlohmann::json selections_json(const std::vector<Selection>& selections);

/// Throws UsageError with one sentence that names the file, and what is wrong in it: a member that is missing or
/// unknown, an algorithm that there is not, a list without elements, rules that do not ascend, two selections for one
/// place.
std::vector<Selection> read_selections(const std::string& path);

/// Distinct hosts among those of the ranks, at least 1.
int count_hosts(const std::vector<std::string>& hosts);

}  // namespace weft::cli
