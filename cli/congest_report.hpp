#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "measure/load.hpp"
#include "patterns/registry.hpp"
#include "results/run_folder.hpp"

namespace weft::cli {

/// Who was measured beside whom, as a point of congest.json has it (docs/results.md) before the impact factors are
/// known. `hosts`: of each rank.
nlohmann::json congest_json(const Point& point, const Record& record, const Load& load,
                            const std::vector<std::string>& hosts);

/// The run's points of congest.json with their impact factors; null where there are none. Throws UsageError where the
/// file cannot be read.
nlohmann::json with_impacts(const Run& run);

/// The impact factors of each transport; empty where the pattern was not measured.
std::string impact_summaries(const Run& run);

}  // namespace weft::cli
