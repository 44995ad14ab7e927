#include <cstdio>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/congest_report.hpp"
#include "cli/pair_report.hpp"
#include "cli/show_run.hpp"
#include "cli/step_summary.hpp"
#include "core/csv.hpp"
#include "core/error.hpp"
#include "results/columns.hpp"
#include "results/format.hpp"
#include "results/run_folder.hpp"

namespace weft::cli {

namespace {

struct Show {
  std::vector<std::string> folders;
  std::string format = "table";
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
  std::string text;
  for (const Run& run : runs) text += fmt::format("# {}\n{}", run.folder.string(), show_run(run, format));
  return text;
}

int show(const Show& wanted) {
  find_format(wanted.format);
  std::vector<Run> runs;
  for (const std::string& folder : wanted.folders) runs.push_back(read_run(folder));
  std::string text;
  if (runs.size() == 1)
    text = show_run(runs.front(), wanted.format);
  else if (wanted.format == "csv")
    text = csv_of(runs);
  else if (wanted.format == "json")
    text = json_of(runs);
  else
    text = tables_of(runs, wanted.format);
  fmt::print("{}", text);
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
  CLI::App* const command = app.add_subcommand("show", "Print the table of earlier runs");
  auto wanted = std::make_shared<Show>();
  command->add_option("runs", wanted->folders, "Run folders; several with csv or json make one table")
      ->required()
      ->type_name("RUN");
  command->add_option("--format", wanted->format, "table, nccl, osu, imb, json or csv")->capture_default_str();
  command->callback([wanted, &chosen] { chosen = [wanted] { return show(*wanted); }; });
}

}  // namespace weft::cli
