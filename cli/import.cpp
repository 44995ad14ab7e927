#include "imports/import.hpp"

#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "cli/command.hpp"
#include "core/error.hpp"

namespace weft::cli {

namespace {

struct Import {
  std::string format;
  std::vector<std::string> logs;
  std::string out;
  bool merge = false;
  ImportOptions options;
};

void report(const ReadLog& log, const std::string& path, const std::filesystem::path& folder) {
  for (const std::string& sentence : log.log.left_out) fmt::print(stderr, "weft: {}: left out: {}\n", path, sentence);
  fmt::print("{}: {} rows of {}{}{} in {}\n", path, log.log.points.size(), log.log.tool,
             log.log.version.empty() ? "" : " ", log.log.version, folder.string());
}

int import(const Import& wanted) {
  if (wanted.format != "auto") imports::registry().find(wanted.format);
  const std::filesystem::path out = wanted.out;
  // All are read before the first is written: a bad one leaves nothing behind.
  std::vector<ReadLog> logs;
  for (const std::string& path : wanted.logs) logs.push_back(import_log(path, wanted.format, wanted.options));
  const bool one_run = logs.size() == 1 || wanted.merge;
  if (one_run) write_imported_run(logs, out);
  for (std::size_t i = 0; i < logs.size(); ++i) {
    const std::filesystem::path folder = one_run ? out : out / fmt::format("{:03}", i + 1);
    if (!one_run) write_imported_run({logs[i]}, folder);
    report(logs[i], wanted.logs[i], folder);
  }
  return static_cast<int>(ExitCode::ok);
}

}  // namespace

void add_import(CLI::App& app, Chosen& chosen) {
  CLI::App* const command = app.add_subcommand("import", "Make run folders of logs of nccl-tests, OSU and IMB");
  auto wanted = std::make_shared<Import>();
  command->add_option("format", wanted->format, "nccl, nccl-json, osu, imb, or auto: recognised from the text")
      ->required()
      ->type_name("FORMAT");
  command->add_option("logs", wanted->logs, "Logs; several are launches of one result set, OUT/001, OUT/002, ...")
      ->required()
      ->type_name("LOG");
  command->add_option("--out", wanted->out, "The folder to be made")->required()->type_name("DIR");
  command->add_flag("--merge", wanted->merge, "The logs are the parts of one launch: one run folder");
  command->add_option("--ranks", wanted->options.ranks, "Number of ranks, which OSU's logs do not say")
      ->check(CLI::Range(1, 10'000'000));
  command->add_option("--operation", wanted->options.operation,
                      "What a log of nccl-tests measured, if it does not say");
  command->add_option("--transport", wanted->options.transport, "Name for the rows' transport (default: nccl or mpi)");
  command->callback([wanted, &chosen] { chosen = [wanted] { return import(*wanted); }; });
}

}  // namespace weft::cli
