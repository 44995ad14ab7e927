#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/units.hpp"

namespace weft {

/// The version of campaign.json.
inline constexpr int kCampaignSchema = 1;

/// The exit code of a launch that ran past its time, as that of timeout(1).
inline constexpr int kTimedOutCode = 124;

/// With fewer the exact test over launches is never significant at 5 %, not even of a single point (2 / C(8, 4) =
/// 0.029); and as many as are recommended.
inline constexpr int kFewestLaunches = 4;
inline constexpr int kRecommendedLaunches = 8;
inline constexpr int kMostLaunches = 10'000;

/// One launch of a campaign, as it is planned.
struct PlannedLaunch {
  std::string folder;       ///< below the campaign: "007", or with two commands "base/007", "new/007"
  std::size_t command = 0;  ///< index into Campaign::commands
  /// From 1, what --launch gives: of two commands "base/007" has 13 and "new/007" 14. Launches of one number draw the
  /// same on a simulated fabric, so that a comparison of the two would be of copies.
  int number = 0;
};

/// One attempt at a launch, as it went.
struct Attempt {
  std::string folder;                           ///< of the PlannedLaunch
  int number = 0;                               ///< of the PlannedLaunch
  int attempt = 1;                              ///< 2: the second time that this launch was begun
  std::string started;                          ///< ISO 8601, UTC
  std::string ended = {};                       ///< empty: under way, or cut off with the whole campaign
  std::optional<int> exit_code = std::nullopt;  ///< 128 + signal where one ended it, kTimedOutCode
};

/// Launches of one command, or of two in turn: the folder that `weft repeat` fills. campaign.json says how.
struct Campaign {
  std::filesystem::path folder;
  std::vector<std::vector<std::string>> commands;  ///< one, or two: base and new
  std::string directory;                           ///< where the commands run, absolute
  int n = 0;                                       ///< launches of each command
  double timeout_s = 0;                            ///< of one launch; 0: none
  double pause_s = 0;                              ///< between launches
  bool stop_on_failure = false;
  std::string started;
  std::string ended;              ///< empty: not at its end
  std::vector<Attempt> attempts;  ///< in the order in which they were begun

  /// All launches in the order of measuring: two commands as A B B A, so that what drifts (heat, neighbours) meets
  /// both alike.
  std::vector<PlannedLaunch> order() const;

  /// The last attempt at a launch; null where it was never begun.
  const Attempt* last(const std::string& launch_folder) const;

  /// The file of the run folder of a launch with a result that is no more there (lost_file of results/run_folder.hpp);
  /// empty where there is none.
  std::string lost_file_of(const PlannedLaunch& launch) const;

  /// The launches that have no result, in order: never begun, cut off, failed, or with a lost file. One that moved
  /// wrong data (code 4) has a result.
  std::vector<PlannedLaunch> missing() const;

  /// Whether its last attempt has left a result.
  bool has_ended_well(const PlannedLaunch& launch) const;

  /// The worst exit code of the launches' last attempts; cut off or never begun counts 0.
  int worst_exit_code() const;
};

/// Whether a launch with this exit code has left a result.
bool is_complete(int exit_code);

/// The command of one launch: the words {out} and {launch} replaced, also within words, or `--out FOLDER --launch N`
/// appended where the command has no {out}.
std::vector<std::string> launch_words(const std::vector<std::string>& command, const std::string& out, int number);

/// Throws UsageError where the command has flags that launch_words gives it, or {launch} and no {out}.
void validate_command(const std::vector<std::string>& command);

/// Whether there is a campaign.json in the folder.
bool is_campaign(const std::filesystem::path& folder);

/// Throws UsageError naming campaign.json and what is wrong in it: no such file, no JSON, another schema, a missing or
/// wrong member, a launch that the campaign does not have.
Campaign read_campaign(const std::filesystem::path& folder);

/// Replaces campaign.json as a whole, on disk before it returns. Throws std::system_error naming the file.
void write_campaign(const Campaign& campaign);

}  // namespace weft
