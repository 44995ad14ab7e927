#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <system_error>

#include "analysis/campaign.hpp"
#include "analysis/side_by_side.hpp"
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/congest_report.hpp"
#include "cli/pair_report.hpp"
#include "cli/show_run.hpp"
#include "cli/step_summary.hpp"
#include "core/csv.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "results/columns.hpp"
#include "results/format.hpp"
#include "results/run_folder.hpp"

namespace weft::cli {

namespace {

struct Show {
  std::vector<std::string> folders;
  std::string format;        // empty: the table, and beside each other what can stand so
  std::string side_by_side;  // empty: not in place of the format
  std::string reference = "first";
};

/// One table of several runs, with the run as the first column.
std::string csv_of(const std::vector<Run>& runs) {
  const auto line = [](std::string first, const std::vector<std::string>& rest) {
    std::vector<std::string> fields = {std::move(first)};
    fields.insert(fields.end(), rest.begin(), rest.end());
    return csv_line(fields);
  };
  std::string text = line("run", column_names());
  for (const Run& run : runs)
    for (const Record& record : run.records) text += line(run.folder.string(), fields_of(record));
  return text;
}

/// One array of several runs, with the run as a member of each object.
std::string json_of(const std::vector<Run>& runs) {
  std::string text;
  for (const Run& run : runs) {
    for (const Record& record : run.records) {
      nlohmann::json object = to_json(record);
      object["run"] = run.folder.string();
      text += (text.empty() ? "[\n" : ",\n") + object.dump();
    }
  }
  return text.empty() ? "[]\n" : text + "\n]\n";
}

/// The run's rows; where that is nothing at all, a sentence.
std::string table_or_sentence(const Run& run, const std::string& format) {
  std::string text = show_run(run, format);
  if (!text.empty()) return text;
  const auto ended = run.info.find("ended");
  const bool was_killed = ended == run.info.end() || !ended->is_string();
  return fmt::format("{}: holds no point{}\n", run.folder.string(),
                     was_killed ? ": the run was killed before its first, or is under way" : "");
}

std::string tables_of(const std::vector<Run>& runs, const std::string& format) {
  if (runs.size() == 1) return table_or_sentence(runs.front(), format);
  if (format == "csv") return csv_of(runs);
  if (format == "json") return json_of(runs);
  std::string text;
  for (const Run& run : runs) text += fmt::format("# {}\n{}", run.folder.string(), table_or_sentence(run, format));
  return text;
}

bool is_run(const std::filesystem::path& folder) {
  std::error_code ignored;
  return std::filesystem::exists(folder / "run.json", ignored) || !std::filesystem::is_directory(folder, ignored);
}

ResultSet set_of_run(const Run& run) {
  ResultSet set;
  set.folder = run.folder;
  set.launches.push_back({run});
  return set;
}

/// A run stands for itself, also one that was killed: what there is of it is shown. A campaign of two commands is two.
std::vector<ResultSet> sets_in(const std::filesystem::path& folder) {
  if (is_run(folder)) return {set_of_run(read_run(folder))};
  if (is_campaign(folder) && read_campaign(folder).commands.size() == 2)
    return {read_result_set(folder / "base"), read_result_set(folder / "new")};
  return {read_result_set(folder)};
}

const SideFormat& side_format_of(const std::string& name) {
  std::vector<std::string> names;
  for (const SideFormat& format : side_formats()) {
    if (format.name == name) return format;
    names.push_back(format.name);
  }
  throw UsageError(fmt::format("--side-by-side: {}", unknown_name("format", name, names)));
}

SideReference reference_of(const std::string& name) {
  if (name == "first") return SideReference::first;
  if (name == "best") return SideReference::best;
  throw UsageError(
      fmt::format("--ratio-to: {}", unknown_name("reference", name, std::vector<std::string>{"first", "best"})));
}

std::string sides_of(const Show& wanted) {
  const SideFormat& format = side_format_of(wanted.side_by_side.empty() ? "table" : wanted.side_by_side);
  const SideReference reference = reference_of(wanted.reference);
  std::vector<ResultSet> sets;
  for (const std::string& folder : wanted.folders)
    for (ResultSet& set : sets_in(folder)) sets.push_back(std::move(set));
  return format.write(side_by_side(sets), reference);
}

/// The table of a run, and below it its transports beside each other where they share a point.
std::string whole_run(const Show& wanted) {
  const Run run = read_run(wanted.folders.front());
  const std::string table = table_or_sentence(run, "table");
  const ResultSet set = set_of_run(run);
  return has_sides(set) ? table + side_table(side_by_side({set}), reference_of(wanted.reference)) : table;
}

/// By where the folders are, however they are written.
void refuse_twice(const std::vector<std::string>& folders) {
  std::map<std::filesystem::path, std::string> known;
  for (const std::string& folder : folders) {
    std::error_code error;
    const std::filesystem::path place = std::filesystem::canonical(folder, error);
    const auto [before, is_new] = known.emplace(error ? std::filesystem::path(folder) : place, folder);
    if (is_new) continue;
    throw UsageError(before->second == folder
                         ? fmt::format("{}: is given twice", folder)
                         : fmt::format("{}: is given twice, it is {} too", folder, before->second));
  }
}

void refuse_contradictions(const Show& wanted) {
  reference_of(wanted.reference);
  if (!wanted.format.empty()) find_format(wanted.format);
  if (!wanted.format.empty() && !wanted.side_by_side.empty())
    throw UsageError("--format and --side-by-side: give one of them");
  refuse_twice(wanted.folders);
}

int show(const Show& wanted) {
  refuse_contradictions(wanted);
  const bool several = wanted.folders.size() > 1 || !is_run(wanted.folders.front());
  if (!wanted.side_by_side.empty() || (wanted.format.empty() && several)) {
    fmt::print("{}", sides_of(wanted));
    return static_cast<int>(ExitCode::ok);
  }
  if (wanted.format.empty()) {
    fmt::print("{}", whole_run(wanted));
    return static_cast<int>(ExitCode::ok);
  }
  std::vector<Run> runs;
  for (const std::string& folder : wanted.folders) {
    if (!is_run(folder))
      throw UsageError(
          fmt::format("{}: is no run folder: --format takes runs, --side-by-side campaigns of them too", folder));
    runs.push_back(read_run(folder));
  }
  fmt::print("{}", tables_of(runs, wanted.format));
  return static_cast<int>(ExitCode::ok);
}

}  // namespace

std::string show_run(const Run& run, const std::string& format) {
  const std::unique_ptr<Formatter> formatter = find_format(format).make();
  std::string text;
  for (const Record& record : run.records) text += formatter->add(record);
  text += formatter->finish();
  return format == "table" ? text + step_summaries(run) + pair_summaries(run) + impact_summaries(run) : text;
}

void add_show(CLI::App& app, Chosen& chosen) {
  CLI::App* const command =
      app.add_subcommand("show",
                         "Print the table of earlier runs; of several, and of one with several transports, "
                         "what they took beside each other; of a campaign the medians over its launches "
                         "(docs/results.md)");
  auto wanted = std::make_shared<Show>();
  command
      ->add_option("runs", wanted->folders, "Run folders, or campaigns of weft repeat; several stand beside each other")
      ->required()
      ->type_name("RUN");
  command->add_option(
      "--format", wanted->format,
      "table, nccl, osu, imb, json or csv: each run for itself; of several csv and json make one table");
  command
      ->add_option("--side-by-side", wanted->side_by_side,
                   "Only what stands beside each other, as table, markdown, csv or json")
      ->type_name("FORMAT");
  command
      ->add_option("--ratio-to", wanted->reference, "Ratios beside each other are to the first column, or to the best")
      ->capture_default_str();
  command->callback([wanted, &chosen] { chosen = [wanted] { return show(*wanted); }; });
}

}  // namespace weft::cli
