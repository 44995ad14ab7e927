#include "analysis/history.hpp"

#include <cstdio>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/report_file.hpp"
#include "core/error.hpp"

namespace weft::cli {

namespace {

struct HistoryRequest {
  std::string folder, json;
};

int show_history(const HistoryRequest& wanted) {
  const History history = read_history(wanted.folder);
  write_report("--json", wanted.json, to_json(history).dump(1) + "\n");
  if (!is_standard_output(wanted.json)) fmt::print("{}", history_table(history));
  return static_cast<int>(ExitCode::ok);
}

}  // namespace

void add_history(CLI::App& app, Chosen& chosen) {
  CLI::App* const command =
      app.add_subcommand("history", "Seek changes of level in a folder of campaigns, in the order of their start");
  auto wanted = std::make_shared<HistoryRequest>();
  command->add_option("folder", wanted->folder, "Folder of campaigns, result sets or run folders")
      ->required()
      ->type_name("DIR");
  command
      ->add_option("--json", wanted->json,
                   std::string("The series and their changes, which scripts/plot.py draws") + kDashIsStandardOutput)
      ->type_name("FILE");
  command->callback([wanted, &chosen] { chosen = [wanted] { return show_history(*wanted); }; });
}

}  // namespace weft::cli
