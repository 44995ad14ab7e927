#include "analysis/history.hpp"

#include <cstdio>
#include <memory>
#include <system_error>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "core/error.hpp"
#include "results/durable_file.hpp"

namespace weft::cli {

namespace {

struct HistoryRequest {
  std::string folder, json;
};

void write_history(const std::string& path, const History& history) try {
  replace_file(path, to_json(history).dump(1) + "\n");
} catch (const std::system_error& error) {
  throw UsageError(fmt::format("--json: {}", error.what()));
}

int show_history(const HistoryRequest& wanted) {
  const History history = read_history(wanted.folder);
  if (!wanted.json.empty()) write_history(wanted.json, history);
  fmt::print("{}", history_table(history));
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
  command->add_option("--json", wanted->json, "Write the series and their changes there; scripts/plot.py draws it")
      ->type_name("FILE");
  command->callback([wanted, &chosen] { chosen = [wanted] { return show_history(*wanted); }; });
}

}  // namespace weft::cli
