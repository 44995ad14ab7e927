#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/show_run.hpp"
#include "core/error.hpp"
#include "results/format.hpp"
#include "results/run_folder.hpp"

namespace weft::cli {

namespace {

struct Show {
  std::vector<std::string> folders;
  std::string format = "table";
};

int show(const Show& wanted) {
  std::vector<Run> runs;
  for (const std::string& folder : wanted.folders) runs.push_back(read_run(folder));
  for (const Run& run : runs) {
    if (runs.size() > 1) fmt::print("# {}\n", run.folder.string());
    fmt::print("{}", show_run(run, wanted.format));
  }
  return static_cast<int>(ExitCode::ok);
}

}  // namespace

std::string show_run(const Run& run, const std::string& format) {
  const std::unique_ptr<Formatter> formatter = find_format(format).make();
  std::string text;
  for (const Record& record : run.records) text += formatter->add(record);
  return text + formatter->finish();
}

void add_show(CLI::App& app, Chosen& chosen) {
  CLI::App* const command = app.add_subcommand("show", "Print the table of earlier runs");
  auto wanted = std::make_shared<Show>();
  command->add_option("runs", wanted->folders, "Run folders")->required()->type_name("RUN");
  command->add_option("--format", wanted->format, "table, nccl, osu, imb, json or csv")->capture_default_str();
  command->callback([wanted, &chosen] { chosen = [wanted] { return show(*wanted); }; });
}

}  // namespace weft::cli
