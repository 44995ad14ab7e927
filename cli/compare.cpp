#include "analysis/compare.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <system_error>

#include "analysis/conditions.hpp"
#include "analysis/google_benchmark.hpp"
#include "analysis/history.hpp"
#include "analysis/reports.hpp"
#include "analysis/sample_check.hpp"
#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/flags.hpp"
#include "cli/report_file.hpp"
#include "core/error.hpp"

namespace weft::cli {

namespace {

struct Compare {
  std::vector<std::string> sets;
  std::string threshold = "3%";
  std::string metric = "median";
  double confidence = 0.95;
  double false_discovery_rate = 0.05;
  std::vector<std::string> despite;
  std::map<std::string, std::string> files;  // by Report::name: where it goes, empty for nowhere
  std::string google_benchmark;              // folder
  std::string history;                       // folder
};

/// "3%" or "0.03". Throws UsageError naming the flag.
double parse_threshold(const std::string& text) {
  const bool percent = text.ends_with('%');
  const std::string digits = percent ? text.substr(0, text.size() - 1) : text;
  std::size_t end = 0;
  double value = 0;
  try {
    value = std::stod(digits, &end);
  } catch (const std::logic_error&) {
    end = std::string::npos;
  }
  value /= percent ? 100 : 1;
  if (end != digits.size() || !(value > 0) || value > 1)
    throw UsageError(fmt::format("--threshold: '{}' is no share above 0 and up to 100 %, such as 3% or 0.03", text));
  return value;
}

void expect_share(const char* flag, double value) {
  if (!(value > 0) || !(value < 1)) throw UsageError(fmt::format("{}: {} is not between 0 and 1", flag, value));
}

/// A key of analysis/conditions.hpp, or the beginning of one. Throws UsageError.
void require_condition(const std::string& key) {
  const std::size_t dot = std::min(key.find('.'), key.size());
  const std::string section = key.substr(0, dot);
  require_known("condition", section, condition_sections());
  const std::vector<std::string> names = condition_names(section);
  if (dot < key.size() && !names.empty()) require_known("condition of " + section, key.substr(dot + 1), names);
}

void require_conditions(const std::vector<std::string>& keys) {
  try {
    for (const std::string& key : keys) require_condition(key);
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("--despite: {}", error.what()));
  }
}

CompareRules rules_of(const Compare& wanted) {
  expect_share("--confidence", wanted.confidence);
  expect_share("--false-discoveries", wanted.false_discovery_rate);
  return {.threshold = parse_threshold(wanted.threshold),
          .metric = find_metric(wanted.metric),
          .confidence = wanted.confidence,
          .false_discovery_rate = wanted.false_discovery_rate};
}

/// Base and new: the two that were given, or those of a campaign.
std::pair<std::filesystem::path, std::filesystem::path> folders_of(const std::vector<std::string>& sets) {
  if (sets.size() == 2) return {sets[0], sets[1]};
  const std::filesystem::path campaign = sets.front();
  for (const char* name : {"base", "new"}) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(campaign / name, ignored))
      throw UsageError(fmt::format("{}: has no folder {}: give two result sets, or a campaign of weft repeat --vs",
                                   campaign.string(), name));
  }
  return {campaign / "base", campaign / "new"};
}

/// Names the launches that could not be checked.
ResultSet read_checked(const std::filesystem::path& folder, std::vector<std::string>& unchecked) {
  ResultSet set = read_result_set(folder);
  for (const Launch& launch : set.launches)
    if (!check_samples(launch.run)) unchecked.push_back(launch.run.folder.string());
  return set;
}

/// One sentence, however many they are.
std::string note_on(const std::vector<std::string>& unchecked) {
  if (unchecked.size() == 1) return unchecked.front() + " has no samples: its rows are taken as they are";
  return fmt::format("{} launches have no samples ({} to {}): their rows are taken as they are", unchecked.size(),
                     unchecked.front(), unchecked.back());
}

int compare(const Compare& wanted) {
  const CompareRules rules = rules_of(wanted);
  require_conditions(wanted.despite);
  const auto on_output = [](const auto& file) { return is_standard_output(file.second); };
  if (std::count_if(wanted.files.begin(), wanted.files.end(), on_output) > 1)
    throw UsageError("- is given to two reports: standard output holds one of them");
  const auto [base_folder, new_folder] = folders_of(wanted.sets);
  std::vector<std::string> unchecked;
  const ResultSet base = read_checked(base_folder, unchecked);
  const ResultSet now = read_checked(new_folder, unchecked);
  Comparison comparison = weft::compare(base, now, rules, wanted.despite);
  if (!unchecked.empty()) comparison.notes.push_back(note_on(unchecked));
  bool table = true;
  for (const Report& report : reports()) {
    const std::string& file = wanted.files.at(report.name);
    if (!file.empty()) write_report("--" + report.name, file, report.write(comparison));
    table = table && !is_standard_output(file);
  }
  if (!wanted.google_benchmark.empty()) {
    const std::filesystem::path folder = wanted.google_benchmark;
    std::error_code ignored;
    std::filesystem::create_directories(folder, ignored);
    write_report("--google-benchmark", folder / "base.json", google_benchmark_json(base, rules.metric));
    write_report("--google-benchmark", folder / "new.json", google_benchmark_json(now, rules.metric));
  }
  if (table) fmt::print("{}", comparison_table(comparison));
  if (!wanted.history.empty()) fmt::print(table ? stdout : stderr, "\n{}", history_table(read_history(wanted.history)));
  return comparison.exit_code();
}

}  // namespace

void add_compare(CLI::App& app, Chosen& chosen) {
  CLI::App* const command = app.add_subcommand(
      "compare",
      "Whether one result set is slower than another\n"
      "\n"
      "Exit codes: 0 no regression, and it would have been seen; 1 regression, or a point is missing;\n"
      "2 usage, or the sets cannot be compared; 3 inconclusive; 4 wrong data. See docs/comparing.md.");
  auto wanted = std::make_shared<Compare>();
  command
      ->add_option("sets", wanted->sets,
                   "BASE and NEW: run folders, or folders of run folders; or one campaign with base/ and new/")
      ->required()
      ->expected(1, 2)
      ->type_name("SET");
  command->add_option("--threshold", wanted->threshold, "The smallest slow-down of interest")
      ->type_name("SHARE")
      ->capture_default_str();
  command->add_option("--metric", wanted->metric, "median, p95, p99, min, mean or mean_of_ranks of each launch")
      ->type_name("METRIC")
      ->capture_default_str();
  command->add_option("--confidence", wanted->confidence, "Of the ratio's interval")->capture_default_str();
  command
      ->add_option("-q,--false-discoveries", wanted->false_discovery_rate,
                   "Share of false alarms among the alarms that is accepted")
      ->capture_default_str();
  command
      ->add_option("--despite", wanted->despite,
                   "Compare although this condition differs: a key such as host.cpu, or its beginning; several times")
      ->allow_extra_args(false)
      ->type_name("KEY");
  for (const Report& report : reports())
    command->add_option("--" + report.name, wanted->files[report.name], report.summary + kDashIsStandardOutput)
        ->type_name("FILE");
  command
      ->add_option("--google-benchmark", wanted->google_benchmark,
                   "Both sets as Google Benchmark writes them: base.json and new.json in this folder")
      ->type_name("FOLDER");
  command
      ->add_option("--history", wanted->history,
                   "Also say where earlier campaigns in this folder changed their level; the exit code does not")
      ->type_name("FOLDER");
  command->callback([wanted, &chosen] { chosen = [wanted] { return compare(*wanted); }; });
}

}  // namespace weft::cli
