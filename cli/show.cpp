#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <set>
#include <system_error>

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

std::string tables_of(const std::vector<Run>& runs, const std::string& format) {
  if (runs.size() == 1) return show_run(runs.front(), format);
  if (format == "csv") return csv_of(runs);
  if (format == "json") return json_of(runs);
  std::string text;
  for (const Run& run : runs) text += fmt::format("# {}\n{}", run.folder.string(), show_run(run, format));
  return text;
}

bool is_run(const std::filesystem::path& folder) {
  std::error_code ignored;
  return std::filesystem::exists(folder / "run.json", ignored) || !std::filesystem::is_directory(folder, ignored);
}

/// A run stands for itself, also one that was killed: what there is of it is shown.
ResultSet set_of(const std::string& folder) {
  if (!is_run(folder)) return read_result_set(folder);
  ResultSet set;
  set.folder = folder;
  set.launches.push_back({read_run(folder)});
  return set;
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
  for (const std::string& folder : wanted.folders) sets.push_back(set_of(folder));
  return format.write(side_by_side(sets), reference);
}

/// Whether points of a run were measured over more than one transport.
bool has_sides(const Run& run) {
  std::set<std::string> points;
  for (const Record& record : run.records) {
    Record point = record;
    point.transport.clear();
    if (record.measured() && record.status == "ok" && !points.insert(point.key()).second) return true;
  }
  return false;
}

void refuse_contradictions(const Show& wanted) {
  reference_of(wanted.reference);
  if (!wanted.format.empty()) find_format(wanted.format);
  if (!wanted.format.empty() && !wanted.side_by_side.empty())
    throw UsageError("--format and --side-by-side: give one of them");
  for (auto folder = wanted.folders.begin(); folder != wanted.folders.end(); ++folder)
    if (std::find(wanted.folders.begin(), folder, *folder) != folder)
      throw UsageError(fmt::format("{}: is given twice", *folder));
}

int show(const Show& wanted) {
  refuse_contradictions(wanted);
  const bool several = wanted.folders.size() > 1 || !is_run(wanted.folders.front());
  if (!wanted.side_by_side.empty() || (wanted.format.empty() && several)) {
    fmt::print("{}", sides_of(wanted));
    return static_cast<int>(ExitCode::ok);
  }
  std::vector<Run> runs;
  for (const std::string& folder : wanted.folders) runs.push_back(read_run(folder));
  fmt::print("{}", tables_of(runs, wanted.format.empty() ? "table" : wanted.format));
  if (wanted.format.empty() && has_sides(runs.front())) fmt::print("{}", sides_of(wanted));
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
                         "what they took beside each other (docs/results.md)");
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
