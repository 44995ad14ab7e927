#include "cli/campaign_runner.hpp"

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include "cli/guarded_process.hpp"
#include "core/error.hpp"
#include "results/provenance.hpp"

namespace weft::cli {

namespace {

namespace fs = std::filesystem;

constexpr int kFailuresInARow = 3;
constexpr Nanoseconds kUntilCleared = 15'000'000'000;  // what a killed campaign's guard needs to end its launch
constexpr Nanoseconds kLookAgain = 100'000'000;

/// Holds a campaign's folder for one process, and for the guards that it forks.
class CampaignLock {
 public:
  explicit CampaignLock(const fs::path& folder) : file_(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    const Nanoseconds end = monotonic_now() + kUntilCleared;
    // A file system without locks (some network ones) must not keep anyone from measuring.
    while (file_ >= 0 && flock(file_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      if (monotonic_now() > end) {
        close(file_);
        throw UsageError(fmt::format("{}: another weft repeat is at work in it", folder.string()));
      }
      usleep(static_cast<useconds_t>(kLookAgain / 1000));
    }
  }
  CampaignLock(const CampaignLock&) = delete;
  CampaignLock& operator=(const CampaignLock&) = delete;
  ~CampaignLock() {
    if (file_ >= 0) close(file_);
  }

 private:
  int file_;
};

std::string duration_text(double seconds) {
  if (seconds < 99.5) return fmt::format("{:.{}f} s", seconds, seconds < 9.95 ? 1 : 0);
  return seconds < 99.5 * 60 ? fmt::format("{:.0f} min", seconds / 60) : fmt::format("{:.1f} h", seconds / 3600);
}

/// Weft's last sentence in a log, below which a launcher may have put its own; without one the last line.
std::string last_words(const fs::path& log) {
  std::ifstream file(log);
  std::string last, of_weft;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("weft: ")) of_weft = line;
    if (line.find_first_not_of(" \t\r") != std::string::npos) last = line;
  }
  return of_weft.empty() ? last : of_weft;
}

class CampaignRunner {
 public:
  explicit CampaignRunner(Campaign& campaign)
      : campaign_(campaign),
        total_(campaign.order().size()),
        missing_(campaign.missing()),
        failures_(campaign.commands.size()) {}

  int run();

 private:
  void begin(const PlannedLaunch& launch);
  ProcessResult start(const PlannedLaunch& launch);
  void end(const PlannedLaunch& launch, const ProcessResult& result, double seconds);
  void tell(const PlannedLaunch& launch, const ProcessResult& result, double seconds) const;
  int give_up(const std::string& why, int exit_code) const;
  fs::path log_of(const PlannedLaunch& launch) const { return campaign_.folder / (launch.folder + ".log"); }

  Campaign& campaign_;
  const std::size_t total_;
  const std::vector<PlannedLaunch> missing_;
  const EndingSignals signals_;
  std::size_t done_ = 0;  // in this session, as the seconds
  double seconds_ = 0;
  std::vector<int> failures_;  // of each command, in a row: of two in turn one may always fail, the other never
};

int CampaignRunner::run() {
  for (const PlannedLaunch& launch : missing_) {
    if (done_ > 0 && campaign_.pause_s > 0)
      if (const int signal = signals_.wait_to_end(static_cast<Nanoseconds>(campaign_.pause_s * 1e9)); signal != 0)
        return give_up("interrupted in a pause", 128 + signal);
    const Nanoseconds began = monotonic_now();
    begin(launch);
    const ProcessResult result = start(launch);
    if (result.interrupted != 0 && result.exit_code != 0)
      return give_up(fmt::format("interrupted in launch {}, which will be measured again", launch.folder),
                     128 + result.interrupted);
    end(launch, result, static_cast<double>(monotonic_now() - began) * 1e-9);
    if (result.interrupted != 0) return give_up("interrupted after launch " + launch.folder, 128 + result.interrupted);
    const int code = *campaign_.attempts.back().exit_code;
    const int failures = failures_[launch.command];
    if (failures > 0 && campaign_.stop_on_failure)
      return give_up(fmt::format("launch {} failed, see {}", launch.folder, log_of(launch).string()), code);
    if (failures == kFailuresInARow)
      return give_up(fmt::format("three launches {}in a row failed, see {}",
                                 campaign_.commands.size() == 2 ? "of one command " : "", log_of(launch).string()),
                     code);
  }
  campaign_.ended = utc_now();
  write_campaign(campaign_);
  return campaign_.worst_exit_code();
}

void CampaignRunner::begin(const PlannedLaunch& launch) {
  const Attempt* const before = campaign_.last(launch.folder);
  campaign_.attempts.push_back({.folder = launch.folder,
                                .number = launch.number,
                                .attempt = before == nullptr ? 1 : before->attempt + 1,
                                .started = utc_now()});
  campaign_.ended.clear();
  write_campaign(campaign_);
  fs::remove_all(campaign_.folder / launch.folder);
  fs::create_directories((campaign_.folder / launch.folder).parent_path());
}

ProcessResult CampaignRunner::start(const PlannedLaunch& launch) {
  const std::string out = fs::absolute(campaign_.folder / launch.folder).lexically_normal().string();
  ProcessResult result = run_guarded({.words = launch_words(campaign_.commands[launch.command], out, launch.number),
                                      .directory = campaign_.directory,
                                      .log = fs::absolute(log_of(launch)),
                                      .timeout = static_cast<Nanoseconds>(campaign_.timeout_s * 1e9)},
                                     signals_);
  if (result.timed_out) result.exit_code = kTimedOutCode;
  return result;
}

void CampaignRunner::end(const PlannedLaunch& launch, const ProcessResult& result, double seconds) {
  const bool left_nothing = result.exit_code == 0 && !fs::exists(campaign_.folder / launch.folder / "run.json");
  Attempt& attempt = campaign_.attempts.back();
  attempt.ended = utc_now();
  attempt.exit_code = left_nothing ? static_cast<int>(ExitCode::usage) : result.exit_code;
  write_campaign(campaign_);
  if (left_nothing)
    throw UsageError(
        fmt::format("the command of launch {} ended well and left no run folder {}: write {{out}} and {{launch}} into "
                    "it where they belong, as in sh -c 'weft run --out {{out}} --launch {{launch}}' (see {})",
                    launch.folder, (campaign_.folder / launch.folder).string(), log_of(launch).string()));
  ++done_;
  seconds_ += seconds;
  int& failures = failures_[launch.command];
  failures = is_complete(result.exit_code) ? 0 : failures + 1;
  tell(launch, result, seconds);
}

void CampaignRunner::tell(const PlannedLaunch& launch, const ProcessResult& result, double seconds) const {
  std::string how = result.exit_code == 0 ? "ok" : fmt::format("exit code {}", result.exit_code);
  if (result.timed_out) how = "ended by --timeout";
  const std::size_t left = missing_.size() - done_;
  const double rest = static_cast<double>(left) * (seconds_ / static_cast<double>(done_) + campaign_.pause_s);
  fmt::print(stderr, "weft: launch {} of {} ({}): {} in {}{}\n", total_ - left, total_, launch.folder, how,
             duration_text(seconds), left == 0 ? "" : fmt::format("; about {} left", duration_text(rest)));
  if (result.exit_code == 0) return;
  fmt::print(stderr, "weft: {}: {}\n", log_of(launch).string(), last_words(log_of(launch)));
}

int CampaignRunner::give_up(const std::string& why, int exit_code) const {
  fmt::print(stderr, "weft: {}; go on with: weft repeat --resume {}\n", why, campaign_.folder.string());
  return exit_code;
}

}  // namespace

int run_campaign(Campaign& campaign) {
  const CampaignLock lock(campaign.folder);
  std::error_code ignored;
  if (!fs::is_directory(campaign.directory, ignored))
    throw UsageError(fmt::format("{}: the folder in which the campaign was begun, {}, is no more",
                                 campaign.folder.string(), campaign.directory));
  for (const std::vector<std::string>& command : campaign.commands)
    if (find_program(command.front(), campaign.directory).empty())
      throw UsageError(fmt::format(
          "'{}' is no program that can be started: give a command that is on PATH, or its path", command.front()));
  return CampaignRunner(campaign).run();
}

}  // namespace weft::cli
