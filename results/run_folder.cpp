#include "results/run_folder.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/csv.hpp"
#include "core/error.hpp"
#include "results/columns.hpp"

namespace weft {

nlohmann::json read_run_info(const std::filesystem::path& folder) {
  std::error_code ignored;
  for (const char* name : {"run.json", "points.csv"})
    if (!std::filesystem::exists(folder / name, ignored))
      throw UsageError(fmt::format("{} is no run folder: {} is missing", folder.string(), name));
  const std::filesystem::path path = folder / "run.json";
  nlohmann::json info = nlohmann::json::parse(read_text(path), nullptr, false);
  if (info.is_discarded()) throw UsageError(fmt::format("{}: is no JSON, or cut in the middle", path.string()));
  if (!info.is_object() || !info.contains("schema") || !info["schema"].is_number_integer())
    throw UsageError(fmt::format("{}: has no schema number, so it is not from weft", path.string()));
  if (info["schema"] != kSchema)
    throw UsageError(
        fmt::format("{}: has schema {} where this weft reads {}", path.string(), info["schema"].dump(), kSchema));
  if (!info.contains("configuration") || !info["configuration"].is_object())
    throw UsageError(fmt::format("{}: lacks the configuration", path.string()));
  return info;
}

std::string configuration_hash(const nlohmann::json& configuration) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char letter : configuration.dump()) {
    hash ^= static_cast<unsigned char>(letter);
    hash *= 0x100000001b3;
  }
  return fmt::format("{:016x}", hash);
}

std::string lost_file(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (!std::filesystem::exists(folder / "run.json", ignored)) return "run.json";
  const nlohmann::json info = nlohmann::json::parse(read_text(folder / "run.json"), nullptr, false);
  if (!info.is_object()) return {};
  std::vector<std::string> names = {"points.csv", "samples.csv"};
  for (const nlohmann::json& detail : info.value("details", nlohmann::json::array()))
    if (detail.is_string()) names.push_back(detail.get<std::string>());
  const auto lost = std::find_if(names.begin(), names.end(), [&](const std::string& name) {
    return !std::filesystem::exists(folder / name, ignored);
  });
  return lost == names.end() ? std::string() : *lost;
}

Run read_run(const std::filesystem::path& folder) {
  Run run{folder, read_run_info(folder), {}};
  run.records = records_of(read_csv(folder / "points.csv"));
  std::stable_sort(run.records.begin(), run.records.end(),
                   [](const Record& a, const Record& b) { return a.point < b.point; });
  return run;
}

}  // namespace weft
