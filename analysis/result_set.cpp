#include "analysis/result_set.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "analysis/campaign.hpp"
#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"

namespace weft {

namespace {

namespace fs = std::filesystem;

bool is_run_folder(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(folder / "run.json", ignored);
}

/// The children by their names. Whether a campaign planned them is not known yet.
std::map<std::string, std::optional<PlannedLaunch>> run_folders_in(const fs::path& folder) {
  std::error_code error;
  std::map<std::string, std::optional<PlannedLaunch>> names;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (is_run_folder(entry.path())) names.emplace(entry.path().filename().string(), std::nullopt);
  if (error) throw UsageError(fmt::format("{}: cannot be read ({})", folder.string(), error.message()));
  return names;
}

/// The campaign that filled the folder: its own, or that of which the folder is one of two sides.
std::optional<Campaign> campaign_of(const fs::path& folder, std::string& side) {
  if (is_campaign(folder)) return read_campaign(folder);
  std::error_code ignored;
  const fs::path whole = fs::canonical(folder, ignored);
  side = whole.filename().string();
  if ((side != "base" && side != "new") || !is_campaign(whole.parent_path())) return std::nullopt;
  return read_campaign(whole.parent_path());
}

/// Why a run is no launch; empty where it is one.
std::string unfinished(const nlohmann::json& info) {
  if (!info.contains("ended") || !info["ended"].is_string()) return "was killed";
  const auto code = info.find("exit_code");
  constexpr int kBySignal = 128;
  if (code == info.end() || !code->is_number_integer() || *code < kBySignal) return {};
  return fmt::format("was interrupted (exit code {})", code->get<int>());
}

/// Whether the rows tell of what made the exit code: a point that failed.
bool tells_of_failure(const Run& run) {
  return std::any_of(run.records.begin(), run.records.end(), [](const Record& row) { return row.status == "failed"; });
}

class Reader {
 public:
  explicit Reader(const fs::path& folder) : set_{folder, {}, {}, {}} {}

  ResultSet read() {
    if (is_run_folder(set_.folder)) {
      read_run_of_nobody(set_.folder);
      return finished();
    }
    std::map<std::string, std::optional<PlannedLaunch>> launches = run_folders_in(set_.folder);
    std::string side;
    const std::optional<Campaign> campaign = campaign_of(set_.folder, side);
    if (campaign)
      for (const PlannedLaunch& planned : campaign->order())
        if (const fs::path path = planned.folder; path.parent_path() == side)
          launches[path.filename().string()] = planned;
    for (const auto& [name, planned] : launches) {
      if (planned)
        read_planned(*campaign, *planned, set_.folder / name);
      else
        read_run_of_nobody(set_.folder / name);
    }
    if (never_begun_ > 0) set_.notes.push_back(fmt::format("left out: {} never begun", never_begun_));
    return finished();
  }

 private:
  void leave_out(const fs::path& path, const std::string& why) {
    set_.notes.push_back(fmt::format("left out: {} {}", path.string(), why));
  }

  /// A run that no campaign tells of: what its run.json says must do.
  void read_run_of_nobody(const fs::path& path) {
    const std::string why = unfinished(read_run_info(path));
    if (why.empty())
      set_.launches.push_back({read_run(path)});
    else
      leave_out(path, why);
  }

  void read_planned(const Campaign& campaign, const PlannedLaunch& planned, const fs::path& path) {
    const Attempt* const attempt = campaign.last(planned.folder);
    if (attempt == nullptr) {
      ++never_begun_;
      return;
    }
    if (!attempt->exit_code) {
      leave_out(path, "was cut off with its campaign, or is under way");
      return;
    }
    note_failed_attempts(campaign, planned, path);
    const int code = *attempt->exit_code;
    const bool may_tell = is_complete(code) || code == static_cast<int>(ExitCode::failed);
    if (may_tell && is_run_folder(path) && unfinished(read_run_info(path)).empty()) {
      Run run = read_run(path);
      if (is_complete(code) || tells_of_failure(run)) {
        set_.launches.push_back({std::move(run)});
        return;
      }
    }
    set_.lost.push_back(
        {path.string(), fmt::format("exit code {}{}", code, is_complete(code) ? ", but no finished run" : "")});
  }

  /// A launch that was measured again counts as it ended at last; that it had failed is not hushed up.
  void note_failed_attempts(const Campaign& campaign, const PlannedLaunch& planned, const fs::path& path) {
    for (const Attempt& attempt : campaign.attempts)
      if (attempt.folder == planned.folder && &attempt != campaign.last(planned.folder) && attempt.exit_code)
        set_.notes.push_back(fmt::format("{} was measured again after attempt {} ended with exit code {}",
                                         path.string(), attempt.attempt, *attempt.exit_code));
  }

  ResultSet finished() {
    if (!set_.launches.empty() || !set_.lost.empty()) return std::move(set_);
    if (set_.notes.empty())
      throw UsageError(fmt::format("{}: is neither a run folder (which has a run.json) nor a folder of run folders",
                                   set_.folder.string()));
    throw UsageError(fmt::format("{}: holds no finished run ({}): go on with it by --resume of weft run or weft repeat",
                                 set_.folder.string(), join(set_.notes, "; ")));
  }

  ResultSet set_;
  std::size_t never_begun_ = 0;
};

}  // namespace

ResultSet read_result_set(const std::filesystem::path& folder) { return Reader(folder).read(); }

void require_launch(const ResultSet& set) {
  if (set.launches.empty())
    throw UsageError(fmt::format("{}: holds no result, all launches failed: {}", set.folder.string(), named(set.lost)));
}

std::string named(const std::vector<LostLaunch>& lost) {
  std::vector<std::string> names;
  for (const LostLaunch& launch : lost) names.push_back(fmt::format("{} ({})", launch.folder, launch.how));
  return join(names, ", ");
}

}  // namespace weft
