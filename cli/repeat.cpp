#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <span>

#include <fmt/format.h>

#include "cli/campaign_runner.hpp"
#include "cli/command.hpp"
#include "core/error.hpp"
#include "results/provenance.hpp"
#include "worlds/launcher_environment.hpp"

namespace weft::cli {

namespace {

namespace fs = std::filesystem;

constexpr const char* kExplanation =
    "  weft repeat -n 10 --out C -- mpirun -np 8 weft run all_reduce\n"
    "  weft repeat -n 10 --out C -- old/weft run --vs new/weft run      two commands in turn, A B B A\n"
    "  weft repeat --resume C                                           go on after an interruption\n"
    "  weft repeat --resume C -n 20                                     and with more launches than before\n"
    "\n"
    "Launch 7 gets --out C/007 --launch 7 appended (the folder as an absolute path); with --vs C/base/007 and 13, and\n"
    "C/new/007 and 14. A command that has the words {out} and {launch} gets them there, as a script or sh -c needs "
    "it.\n"
    "The number shuffles the order of the points, and is another draw of a simulated fabric. What a launch prints is "
    "in\n"
    "C/007.log. Measured again (--resume), the launch's folder and log are replaced; campaign.json keeps all "
    "attempts.\n"
    "\n"
    "Exit codes: the largest of the launches' last attempts, where all were begun (124: past --timeout); that of the "
    "last\n"
    "one where three of one command in a row failed, or one with --stop-on-failure; 2 where a launch ended well\n"
    "without a run folder, which ends the campaign; 128 + signal where one interrupted it. Codes 0 and 4 (wrong data)\n"
    "are no failure.";

struct Repeat {
  std::string out, resume;
  int n = 10;
  double timeout_s = 0, pause_s = 0;
  bool stop_on_failure = false;
  std::vector<std::string> misplaced;
  std::vector<std::vector<std::string>> commands;
};

/// What stands after the first "--", cut at "--vs".
std::vector<std::vector<std::string>> commands_after(std::span<char* const> words) {
  std::vector<std::vector<std::string>> commands(words.empty() ? 0 : 1);
  for (const std::string word : words.subspan(std::min<std::size_t>(words.size(), 1)))
    if (word == "--vs")
      commands.emplace_back();
    else
      commands.back().push_back(word);
  return commands;
}

void require_seconds(const char* flag, double value) {
  if (!(value >= 0 && value <= 1e7)) throw UsageError(fmt::format("{}: is not a number of seconds from 0", flag));
}

void validate_repeat(const Repeat& wanted) {
  if (const auto launcher = launcher_environment(); launcher && !launcher->by_hand)
    throw UsageError("weft repeat starts the launcher itself: call it once, outside mpirun and srun");
  require_seconds("--timeout", wanted.timeout_s);
  require_seconds("--pause", wanted.pause_s);
  if (wanted.out.empty() == wanted.resume.empty())
    throw UsageError("give one of --out, the folder of a new campaign, and --resume, that of one to go on with");
  if (!wanted.misplaced.empty())
    throw UsageError(fmt::format("'{}': the command to launch stands after --, as in weft repeat --out C -- mpirun …",
                                 wanted.misplaced.front()));
  if (!wanted.resume.empty() && !wanted.commands.empty())
    throw UsageError("--resume: goes on with the commands of the campaign, leave out what stands after --");
  if (!wanted.resume.empty()) return;
  if (wanted.commands.empty()) throw UsageError("the command to launch is missing: weft repeat --out C -- mpirun …");
  if (wanted.commands.size() > 2) throw UsageError("--vs: is given twice, two commands can be compared");
  for (const std::vector<std::string>& command : wanted.commands) {
    if (command.empty()) throw UsageError("the command before or after -- or --vs is missing");
    validate_command(command);
  }
}

Campaign new_campaign(const Repeat& wanted) {
  if (is_campaign(wanted.out))
    throw UsageError(
        fmt::format("--out {}: is a campaign already: go on with --resume, or give another folder", wanted.out));
  std::error_code error;
  fs::create_directories(wanted.out, error);
  if (!fs::is_directory(wanted.out, error) || !fs::is_empty(wanted.out, error) || error)
    throw UsageError(fmt::format("--out {}: cannot be made, or holds something: give a new folder", wanted.out));
  return {.folder = wanted.out,
          .commands = wanted.commands,
          .directory = fs::current_path().string(),
          .n = wanted.n,
          .timeout_s = wanted.timeout_s,
          .pause_s = wanted.pause_s,
          .stop_on_failure = wanted.stop_on_failure,
          .started = utc_now(),
          .ended = {},
          .attempts = {}};
}

/// The campaign as it is on disk, with what the flags that are given change in it.
Campaign resumed_campaign(const Repeat& wanted, const CLI::App& command) {
  Campaign campaign = read_campaign(wanted.resume);
  if (command.count("--launches") > 0) {
    if (wanted.n < campaign.n)
      throw UsageError(fmt::format("--launches {}: the campaign has {} already, give more", wanted.n, campaign.n));
    campaign.n = wanted.n;
  }
  if (command.count("--timeout") > 0) campaign.timeout_s = wanted.timeout_s;
  if (command.count("--pause") > 0) campaign.pause_s = wanted.pause_s;
  if (command.count("--stop-on-failure") > 0) campaign.stop_on_failure = wanted.stop_on_failure;
  return campaign;
}

void announce(const Campaign& campaign) {
  const std::size_t missing = campaign.missing().size(), all = campaign.order().size();
  fmt::print(stderr, "weft: {} of {} launches to do in {}{}\n", missing, all, campaign.folder.string(),
             campaign.commands.size() == 2 ? ", two commands in turn: A B B A" : "");
  for (const PlannedLaunch& launch : campaign.order())
    if (const std::string lost = campaign.lost_file_of(launch); !lost.empty())
      fmt::print(stderr, "weft: launch {} has lost {}, and is measured again\n", launch.folder, lost);
  if (campaign.n < kFewestLaunches)
    fmt::print(
        stderr,
        "weft: note: with {} launches no comparison can be conclusive: {} are the fewest, {} and more are right\n",
        campaign.n, kFewestLaunches, kRecommendedLaunches);
}

int repeat(const Repeat& wanted, const CLI::App& command) {
  validate_repeat(wanted);
  Campaign campaign = wanted.resume.empty() ? new_campaign(wanted) : resumed_campaign(wanted, command);
  announce(campaign);
  return run_campaign(campaign);
}

}  // namespace

int own_words(int argc, char* const* argv) {
  const std::span<char* const> words(argv, static_cast<std::size_t>(argc));
  if (argc < 2 || words[1] != std::string_view("repeat")) return argc;
  const auto is_end = [](const char* word) { return word == std::string_view("--"); };
  return static_cast<int>(std::find_if(words.begin(), words.end(), is_end) - words.begin());
}

void add_repeat(CLI::App& app, Chosen& chosen, int argc, char** argv) {
  CLI::App* const command = app.add_subcommand(
      "repeat", "Launch a command again and again, a run folder each: launches are what a comparison counts");
  command->footer(kExplanation);
  auto wanted = std::make_shared<Repeat>();
  command->add_option("-n,--launches", wanted->n, "Launches (of each of two commands); 8 or more for a comparison")
      ->check(CLI::Range(1, kMostLaunches))
      ->capture_default_str();
  command->add_option("--out", wanted->out, "Folder of the campaign, to be made (or empty)")->type_name("CAMPAIGN");
  command
      ->add_option("--resume", wanted->resume,
                   "Campaign to go on with: what was cut off, failed, lost a file or was never begun, once more")
      ->type_name("CAMPAIGN");
  command->add_option("--timeout", wanted->timeout_s, "Seconds that one launch may take; 0: any")
      ->capture_default_str();
  command->add_option("--pause", wanted->pause_s, "Seconds between launches")->capture_default_str();
  command->add_flag("--stop-on-failure", wanted->stop_on_failure,
                    "End at the first launch that fails; not given: at the third in a row of one command");
  command->add_option("command", wanted->misplaced)->group("");
  const std::span<char* const> words(argv, static_cast<std::size_t>(argc));
  wanted->commands = commands_after(words.subspan(static_cast<std::size_t>(own_words(argc, argv))));
  command->callback([wanted, command, &chosen] { chosen = [wanted, command] { return repeat(*wanted, *command); }; });
}

}  // namespace weft::cli
