#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "statistics/change_points.hpp"
#include <nlohmann/json_fwd.hpp>

#include "results/difference.hpp"
#include "results/record.hpp"

namespace weft {

/// The version of what to_json of a History gives.
inline constexpr int kHistorySchema = 1;

/// One result set on the time line.
struct HistoryEntry {
  std::string name;     ///< of its folder
  std::string started;  ///< of its first launch, ISO 8601, UTC
  std::size_t launches = 0;
  /// In what host or libraries were others than those of the launch before, in this result set or the one before it:
  /// "host.kernel", "host.name", "libraries.mpi".
  std::vector<Difference> changed;
};

/// One point through time: only what was measured with one configuration is on one line.
struct HistoryPoint {
  Record point;  ///< as it was measured first
  std::string configuration_hash;
  std::vector<std::size_t> entries;  ///< indices into History::entries, growing
  std::vector<double> medians_us;    ///< beside them: median over the launches of their medians
  std::vector<ChangePoint> changes;  ///< indices into medians_us
};

struct History {
  std::filesystem::path folder;
  std::vector<HistoryEntry> entries;  ///< in the order of their start
  std::vector<HistoryPoint> points;   ///< in the order of their first appearance
};

/// The fewest values in which a change can be found: of the 70 ways to halve eight, one tells two levels apart.
inline constexpr std::size_t kFewestForHistory = 8;

/// Reads a folder whose children are campaigns, other result sets or run folders, and seeks each point's change points
/// (E-divisive). Of a campaign with two commands it takes `new`. Children without a launch that has a result are left
/// out; rows that are not `ok` too. Throws UsageError: no such folder, no run below it, a damaged run.
History read_history(const std::filesystem::path& folder);

/// The changes, a line each: since when, before, after, ratio, p; or why there is none. Below them where the host, its
/// kernel or a library changed, which may be why. Advice, no verdict: a change shows when several campaigns have
/// followed it.
std::string history_table(const History& history);

nlohmann::json to_json(const History& history);

}  // namespace weft
