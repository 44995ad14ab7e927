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

/// What was measured under the same conditions: a launch, or several of the same command.
struct ResultSet {
  std::filesystem::path folder;
  std::vector<Launch> launches;      ///< one at least, in the order of the folders' names
  std::vector<std::string> skipped;  ///< the folders of the runs without an end (killed), which are no launches
};

/// A run folder is one launch; a folder whose children are run folders is several. A run folder has a run.json:
/// children without one, and files beside them, are ignored. Throws UsageError with one sentence: no such folder, a
/// damaged run, no finished run in it.
ResultSet read_result_set(const std::filesystem::path& folder);

}  // namespace weft
