#include "analysis/campaign.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/csv.hpp"
#include "core/error.hpp"
#include "results/durable_file.hpp"
#include "results/or_null.hpp"
#include "results/run_folder.hpp"

namespace weft {

namespace {

constexpr const char* kFile = "campaign.json";
constexpr const char* kOut = "{out}";
constexpr const char* kLaunch = "{launch}";
constexpr const char* kSets[] = {"base", "new"};
constexpr double kLongest = 1e7;  // seconds
constexpr auto kReplace = nlohmann::json::error_handler_t::replace;
constexpr int kWrongData = static_cast<int>(ExitCode::wrong_data);

bool mentions(const std::vector<std::string>& words, const char* text) {
  return std::any_of(words.begin(), words.end(), [text](const auto& word) { return word.find(text) != word.npos; });
}

void replace_all(std::string& text, std::string_view what, const std::string& by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

/// Reads members of one object; each error names the file and the member.
class Members {
 public:
  Members(const nlohmann::json& object, std::string where) : object_(object), where_(std::move(where)) {}

  [[noreturn]] void fail(const char* member, const char* right) const {
    throw UsageError(fmt::format("{}: '{}' should be {}", where_, member, right));
  }

  const nlohmann::json& at(const char* member, const char* right) const {
    const auto found = object_.find(member);
    if (found == object_.end()) fail(member, right);
    return *found;
  }

  int whole(const char* member, int least, int most) const {
    const nlohmann::json& value = at(member, "a whole number");
    if (!value.is_number_integer() || value < least || value > most) fail(member, "a whole number within its limits");
    return value.get<int>();
  }

  double seconds(const char* member) const {
    const nlohmann::json& value = at(member, "a number of seconds");
    if (!value.is_number() || value < 0 || value > kLongest) fail(member, "a number of seconds, 0 for none");
    return value.get<double>();
  }

  bool flag(const char* member) const {
    const nlohmann::json& value = at(member, "true or false");
    if (!value.is_boolean()) fail(member, "true or false");
    return value.get<bool>();
  }

  std::string text(const char* member) const {
    const nlohmann::json& value = at(member, "a text");
    if (!value.is_string()) fail(member, "a text");
    return value.get<std::string>();
  }

  /// null is the empty text.
  std::string time(const char* member) const { return at(member, "a time or null").is_null() ? "" : text(member); }

  std::vector<nlohmann::json> list(const char* member) const {
    const nlohmann::json& value = at(member, "a list");
    if (!value.is_array()) fail(member, "a list");
    return value;
  }

 private:
  const nlohmann::json& object_;
  std::string where_;
};

std::vector<std::vector<std::string>> commands_of(const Members& members) {
  constexpr const char* kRight = "one or two lists of words";
  std::vector<std::vector<std::string>> commands;
  for (const nlohmann::json& words : members.list("commands")) {
    const auto is_word = [](const auto& word) { return word.is_string(); };
    if (!words.is_array() || words.empty() || !std::all_of(words.begin(), words.end(), is_word))
      members.fail("commands", kRight);
    commands.push_back(words);
  }
  if (commands.empty() || commands.size() > std::size(kSets)) members.fail("commands", kRight);
  return commands;
}

Attempt attempt_of(const Members& members, const std::vector<PlannedLaunch>& order) {
  Attempt attempt{.folder = members.text("folder"),
                  .number = members.whole("launch", 1, 2 * kMostLaunches),
                  .attempt = members.whole("attempt", 1, kMostLaunches),
                  .started = members.text("started"),
                  .ended = members.time("ended")};
  if (!attempt.ended.empty()) attempt.exit_code = members.whole("exit_code", 0, 255);
  const auto same = [&](const PlannedLaunch& planned) { return planned.folder == attempt.folder; };
  if (std::none_of(order.begin(), order.end(), same)) members.fail("folder", "one of the campaign's launches");
  return attempt;
}

nlohmann::json time_or_null(const std::string& time) { return time.empty() ? nlohmann::json() : nlohmann::json(time); }

}  // namespace

std::vector<PlannedLaunch> Campaign::order() const {
  std::vector<PlannedLaunch> launches;
  for (int number = 1; number <= n; ++number) {
    const std::string name = fmt::format("{:03}", number);
    if (commands.size() == 1) {
      launches.push_back({name, 0, number});
      continue;
    }
    const std::size_t first = number % 2 == 1 ? 0 : 1;
    for (const std::size_t command : {first, 1 - first})
      launches.push_back(
          {fmt::format("{}/{}", kSets[command], name), command, 2 * number - 1 + static_cast<int>(command)});
  }
  return launches;
}

const Attempt* Campaign::last(const std::string& launch_folder) const {
  const auto found = std::find_if(attempts.rbegin(), attempts.rend(),
                                  [&](const Attempt& attempt) { return attempt.folder == launch_folder; });
  return found == attempts.rend() ? nullptr : &*found;
}

bool Campaign::has_ended_well(const PlannedLaunch& launch) const {
  const Attempt* const attempt = last(launch.folder);
  return attempt != nullptr && attempt->exit_code && is_complete(*attempt->exit_code);
}

std::string Campaign::lost_file_of(const PlannedLaunch& launch) const {
  return has_ended_well(launch) ? lost_file(folder / launch.folder) : std::string();
}

std::vector<PlannedLaunch> Campaign::missing() const {
  std::vector<PlannedLaunch> launches = order();
  std::erase_if(launches,
                [this](const PlannedLaunch& launch) { return has_ended_well(launch) && lost_file_of(launch).empty(); });
  return launches;
}

int Campaign::worst_exit_code() const {
  int worst = 0;
  for (const PlannedLaunch& launch : order())
    if (const Attempt* const attempt = last(launch.folder); attempt != nullptr)
      worst = std::max(worst, attempt->exit_code.value_or(0));
  return worst;
}

bool is_complete(int exit_code) { return exit_code == 0 || exit_code == kWrongData; }

std::vector<std::string> launch_words(const std::vector<std::string>& command, const std::string& out, int number) {
  std::vector<std::string> words = command;
  if (!mentions(words, kOut)) words.insert(words.end(), {"--out", kOut, "--launch", kLaunch});
  for (std::string& word : words) {
    replace_all(word, kLaunch, std::to_string(number));
    replace_all(word, kOut, out);
  }
  return words;
}

void validate_command(const std::vector<std::string>& command) {
  for (const std::string& word : command)
    if (nlohmann::json::parse(nlohmann::json(word).dump(-1, ' ', false, kReplace)) != word)
      throw UsageError("the command has a word that is no UTF-8 text, which campaign.json cannot hold");
  if (mentions(command, kOut)) return;
  if (mentions(command, kLaunch))
    throw UsageError("the command has {launch} and no {out}: its launches would all write to one folder");
  for (const std::string& word : command)
    for (const std::string flag : {"--out", "--launch", "--resume"})
      if (word == flag || word.starts_with(flag + "="))
        throw UsageError(fmt::format("the command has {}, which weft repeat gives to each launch: leave it out", flag));
}

bool is_campaign(const std::filesystem::path& folder) {
  std::error_code ignored;
  return std::filesystem::exists(folder / kFile, ignored);
}

Campaign read_campaign(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / kFile;
  if (!is_campaign(folder)) throw UsageError(fmt::format("{} is no campaign: {} is missing", folder.string(), kFile));
  const nlohmann::json json = nlohmann::json::parse(read_text(path), nullptr, false);
  if (!json.is_object()) throw UsageError(fmt::format("{}: is no JSON object, or cut in the middle", path.string()));
  const Members members(json, path.string());
  members.whole("schema", kCampaignSchema, kCampaignSchema);
  Campaign campaign{.folder = folder,
                    .commands = commands_of(members),
                    .directory = members.text("directory"),
                    .n = members.whole("n", 1, kMostLaunches),
                    .timeout_s = members.seconds("timeout_s"),
                    .pause_s = members.seconds("pause_s"),
                    .stop_on_failure = members.flag("stop_on_failure"),
                    .started = members.text("started"),
                    .ended = members.time("ended"),
                    .attempts = {}};
  const std::vector<PlannedLaunch> order = campaign.order();
  for (const nlohmann::json& launch : members.list("launches")) {
    if (!launch.is_object()) members.fail("launches", "a list of objects");
    campaign.attempts.push_back(attempt_of(Members(launch, path.string()), order));
  }
  return campaign;
}

void write_campaign(const Campaign& campaign) {
  nlohmann::ordered_json json = {{"schema", kCampaignSchema},
                                 {"commands", campaign.commands},
                                 {"directory", campaign.directory},
                                 {"n", campaign.n},
                                 {"timeout_s", campaign.timeout_s},
                                 {"pause_s", campaign.pause_s},
                                 {"stop_on_failure", campaign.stop_on_failure},
                                 {"started", campaign.started},
                                 {"ended", time_or_null(campaign.ended)},
                                 {"order", nlohmann::json::array()},
                                 {"launches", nlohmann::json::array()}};
  for (const PlannedLaunch& launch : campaign.order()) json["order"].push_back(launch.folder);
  for (const Attempt& attempt : campaign.attempts)
    json["launches"].push_back({{"folder", attempt.folder},
                                {"launch", attempt.number},
                                {"attempt", attempt.attempt},
                                {"started", attempt.started},
                                {"ended", time_or_null(attempt.ended)},
                                {"exit_code", or_null(attempt.exit_code)}});
  replace_file(campaign.folder / kFile, json.dump(2) + "\n");
}

}  // namespace weft
