#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "patterns/registry.hpp"
#include "results/run_folder.hpp"

namespace weft::cli {

/// What each pair of ranks took, as pairs.json has it (docs/results.md). `hosts`: of each rank.
nlohmann::json pairs_json(const Point& point, const Record& record, const Samples& samples,
                          const std::vector<std::string>& hosts);

/// What pairs.json says of the links: their range, and the slow ones and hosts by name. Empty where there is none.
/// Throws UsageError where the file cannot be read.
std::string pair_summaries(const Run& run);

}  // namespace weft::cli
