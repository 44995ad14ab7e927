#pragma once

#include <filesystem>
#include <functional>

#include <nlohmann/json.hpp>

namespace weft {

/// Calls `use` with the array `points` of what a run folder has beside its rows (pairs.json, congest.json,
/// training_step.json); not where there is no such file. Throws UsageError naming the file where it is damaged, where
/// `use` finds a member missing or of another type, and where it throws UsageError itself.
void with_details(const std::filesystem::path& path, const std::function<void(nlohmann::json& points)>& use);

}  // namespace weft
