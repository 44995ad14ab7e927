#include "analysis/result_set.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"

namespace weft {

namespace {

bool is_run_folder(const std::filesystem::path& folder) {
  std::error_code ignored;
  return std::filesystem::exists(folder / "run.json", ignored);
}

std::vector<std::filesystem::path> run_folders_of(const std::filesystem::path& folder) {
  if (is_run_folder(folder)) return {folder};
  std::error_code error;
  std::vector<std::filesystem::path> folders;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error))
    if (is_run_folder(entry.path())) folders.push_back(entry.path());
  if (error) throw UsageError(fmt::format("{}: cannot be read ({})", folder.string(), error.message()));
  std::sort(folders.begin(), folders.end());
  return folders;
}

bool has_ended(const Run& run) { return run.info.contains("ended") && run.info["ended"].is_string(); }

}  // namespace

ResultSet read_result_set(const std::filesystem::path& folder) {
  ResultSet set{folder, {}, {}};
  const std::vector<std::filesystem::path> folders = run_folders_of(folder);
  if (folders.empty())
    throw UsageError(
        fmt::format("{}: is neither a run folder (which has a run.json) nor a folder of run folders", folder.string()));
  for (const std::filesystem::path& path : folders) {
    Run run = read_run(path);
    if (!has_ended(run)) {
      set.skipped.push_back(path.string());
      continue;
    }
    set.launches.push_back({std::move(run)});
  }
  if (set.launches.empty())
    throw UsageError(fmt::format("{}: holds no finished run: {} was killed; go on with it by weft run --resume",
                                 folder.string(), join(set.skipped, ", ")));
  return set;
}

}  // namespace weft
