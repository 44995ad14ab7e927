#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "imports/registry.hpp"

namespace weft {

/// Reads a log; `format` is a name of the registry or "auto". Throws UsageError naming the file, and the line where
/// there is one: as read_log, of no known benchmark, without a row, two rows of one point.
struct ReadLog {
  std::string format;  ///< the one that was recognised
  std::string file;    ///< the log's name, without its folder
  std::string hash;    ///< log_hash
  ImportedLog log;
};
ReadLog import_log(const std::filesystem::path& path, const std::string& format, const ImportOptions& options);

/// Writes logs into one run folder: the parts of one launch. Throws UsageError where two logs have the same point, come
/// from different tools, or the folder cannot be written or holds a run already.
void write_imported_run(const std::vector<ReadLog>& logs, const std::filesystem::path& folder);

}  // namespace weft
