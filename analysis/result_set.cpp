#include "analysis/result_set.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "analysis/campaign.hpp"
#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"
#include "results/columns.hpp"

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

constexpr const char* kWasKilled = "was killed";

/// Why a run is no launch; empty where it is one.
std::string unfinished(const nlohmann::json& info) {
  if (!info.contains("ended") || !info["ended"].is_string()) return kWasKilled;
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
  explicit Reader(const fs::path& folder) : set_{folder, {}, {}, {}, {}} {}

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
    if (!campaign) note_gaps(launches);
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
    if (why == kWasKilled) set_.unexplained.push_back(fmt::format("{} {}", path.string(), why));
  }

  /// Folders numbered as `weft repeat` numbers them, copied without their campaign: one that is not there may have
  /// crashed before it left anything.
  void note_gaps(const std::map<std::string, std::optional<PlannedLaunch>>& folders) {
    const auto is_number = [](const auto& folder) {
      return folder.first.size() >= 3 && folder.first.find_first_not_of("0123456789") == std::string::npos;
    };
    if (folders.size() < 2 || !std::all_of(folders.begin(), folders.end(), is_number)) return;
    std::size_t expected = 1;
    for (const auto& [name, planned] : folders) {
      if (std::stoull(name) > expected) {
        set_.unexplained.push_back(
            fmt::format("{} is missing", (set_.folder / fmt::format("{:03}", expected)).string()));
        return;
      }
      ++expected;
    }
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

namespace {

bool is_copy(const Run& a, const Run& b) {
  return a.info.contains("started") && a.info == b.info &&
         std::equal(a.records.begin(), a.records.end(), b.records.begin(), b.records.end(),
                    [](const Record& one, const Record& other) { return fields_of(one) == fields_of(other); });
}

}  // namespace

void require_different_launches(const ResultSet& base, const ResultSet& now) {
  std::vector<const Run*> runs;
  for (const ResultSet* set : {&base, &now})
    for (const Launch& launch : set->launches) runs.push_back(&launch.run);
  for (auto one = runs.begin(); one != runs.end(); ++one) {
    const auto copy = std::find_if(one + 1, runs.end(), [&](const Run* other) { return is_copy(**one, *other); });
    if (copy != runs.end())
      throw UsageError(fmt::format("{} and {} are one launch, or a copy of it: give launches that were measured apart",
                                   (*one)->folder.string(), (*copy)->folder.string()));
  }
}

void require_launch(const ResultSet& set) {
  if (set.launches.empty())
    throw UsageError(fmt::format("{}: holds no result, all launches failed: {}", set.folder.string(), named(set.lost)));
}

std::string named(const std::vector<LostLaunch>& lost) {
  std::vector<std::string> names;
  for (const LostLaunch& launch : lost) names.push_back(fmt::format("{} ({})", launch.folder, launch.how));
  return join(names, ", ");
}

std::vector<std::string> hosts_of(const Run& run) {
  const auto topology = run.info.find("topology");
  if (topology == run.info.end() || !topology->is_array()) return {};
  std::vector<std::string> hosts;
  for (const nlohmann::json& place : *topology) {
    if (!place.is_object() || !place.contains("host") || !place["host"].is_string()) return {};
    hosts.push_back(place["host"].get<std::string>());
  }
  return hosts;
}

}  // namespace weft
