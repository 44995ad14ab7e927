#include "imports/import.hpp"

#include <map>

#include "imports/possible.hpp"
#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"
#include "results/build_info.hpp"
#include "results/run_folder.hpp"

namespace weft {

namespace {

const LogFormat& recognised(const Log& log) {
  for (const LogFormat& format : imports::registry().entries())
    if (format.recognises(log)) return format;
  throw UsageError(fmt::format("{}: is no log of a benchmark that weft knows ({}); name its format instead of auto",
                               log.path.string(), join(imports::registry().names(), ", ")));
}

/// How the peer's figures came about, in the place of the flags of `weft run`: equal for logs that can be compared.
nlohmann::json configuration_of(const ReadLog& first) {
  return {{"imported_from", first.log.tool}, {"version", first.log.version}, {"parameters", first.log.parameters}};
}

void expect_one_tool(const std::vector<ReadLog>& logs) {
  for (const ReadLog& log : logs)
    if (configuration_of(log) != configuration_of(logs.front()))
      throw UsageError(fmt::format(
          "{} and {} do not come from the same benchmark, of one version and measured alike: import each by itself",
          logs.front().file, log.file));
}

}  // namespace

ReadLog import_log(const std::filesystem::path& path, const std::string& format, const ImportOptions& options) {
  Log log;
  read_log(path, log);
  const LogFormat& chosen = format == "auto" ? recognised(log) : imports::registry().find(format);
  ReadLog read{chosen.name, path.filename().string(), log_hash(log), chosen.read(log, options)};
  if (read.log.points.empty())
    throw UsageError(fmt::format("{}: holds no row of figures that weft has a place for{}", path.string(),
                                 read.log.left_out.empty() ? "" : " (" + read.log.left_out.front() + ")"));
  std::map<std::string, std::size_t> lines;
  for (const ImportedPoint& point : read.log.points) {
    expect_possible(log, point);
    const auto [first, is_new] = lines.emplace(point.record.key(), point.line);
    if (!is_new)
      refuse_log(log, point.line,
                 fmt::format("measures the point of line {} again: a log is one launch, so give repetitions as logs of "
                             "their own",
                             first->second));
  }
  return read;
}

void write_imported_run(const std::vector<ReadLog>& logs, const std::filesystem::path& folder) {
  expect_one_tool(logs);
  std::map<std::string, std::string> files;
  nlohmann::json sources = nlohmann::json::array();
  for (const ReadLog& log : logs) {
    sources.push_back({{"file", log.file}, {"fnv1a64", log.hash}, {"left_out", log.log.left_out}});
    for (const ImportedPoint& point : log.log.points) {
      const auto [first, is_new] = files.emplace(point.record.key(), log.file);
      if (!is_new)
        throw UsageError(fmt::format("{} and {} both measure {} of {} B: give launches as logs without --merge",
                                     first->second, log.file, point.record.operation, point.record.bytes_per_rank));
    }
  }
  const ReadLog& first = logs.front();
  // Nothing of this host: it has measured nothing.
  const nlohmann::json provenance = {{"imported",
                                      {{"tool", first.log.tool},
                                       {"version", first.log.version},
                                       {"format", first.format},
                                       {"by", fmt::format("weft {}", kVersion)},
                                       {"logs", sources}}}};
  RunWriter writer = RunWriter::create(folder, {provenance, configuration_of(first), nlohmann::json::object()});
  int next_point = 0;
  for (const ReadLog& log : logs) {
    for (const ImportedPoint& point : log.log.points) {
      Record record = point.record;
      record.point = next_point++;
      writer.append(record, point.samples);
    }
  }
  writer.finish(static_cast<int>(ExitCode::ok));
}

}  // namespace weft
