#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "results/run_folder.hpp"

namespace weft {

/// One launch (one mpirun) of a result set: the unit of replication.
struct Launch {
  Run run;  ///< a run folder read back
};

/// A launch that its campaign saw to its end and that left no result: it crashed, failed or ran past its time.
struct LostLaunch {
  std::string folder;
  std::string how;  ///< "exit code 139"
};

/// What was measured under the same conditions: a launch, or several of the same command.
struct ResultSet {
  std::filesystem::path folder;
  std::vector<Launch> launches;          ///< in the order of the folders' names; none only where all are lost
  std::vector<LostLaunch> lost;          ///< likewise; as good as launches in which every point failed
  std::vector<std::string> unexplained;  ///< "x/005 is missing", "x/007 was killed", where no campaign says why
  std::vector<std::string> notes;  ///< of launches that are neither (killed, interrupted, never begun), or were both
};

/// A run folder is one launch; a folder whose children are run folders is several. A run folder has a run.json:
/// children without one, and files beside them, are ignored. Where a campaign.json is in the folder, or above `base`
/// and `new`, it says which launches there should be and how they ended. Throws UsageError with one sentence: no such
/// folder, a damaged run or campaign.json, neither a finished nor a lost launch in it.
ResultSet read_result_set(const std::filesystem::path& folder);

/// For each rank the name of its host, of a simulated fabric's its node; empty where run.json does not have them all.
std::vector<std::string> hosts_of(const Run& run);

/// Throws UsageError where a launch is there twice, in one set or in both: the same folder, or a copy of it.
void require_different_launches(const ResultSet& base, const ResultSet& now);

/// Throws UsageError where all launches of the set are lost.
void require_launch(const ResultSet& set);

/// "C/new/003 (exit code 139), C/new/007 (exit code 124)".
std::string named(const std::vector<LostLaunch>& lost);

}  // namespace weft
