#pragma once

#include <string>
#include <vector>

#include "imports/import.hpp"

#include "tests/unit/core/temporary_folder.hpp"

namespace weft {

/// One of the logs beside this file.
inline ReadLog import_golden(const std::string& name, const ImportOptions& options = {}) {
  return import_log(std::filesystem::path(WEFT_LOGS_FOLDER) / name, "auto", options);
}

/// A log of the test's own; `folder` holds it.
inline ReadLog import_text(const TemporaryFolder& folder, const std::string& text, const ImportOptions& options = {},
                           const std::string& format = "auto") {
  write_file(folder / "a.log", text);
  return import_log(folder / "a.log", format, options);
}

inline const Record& row(const ReadLog& log, std::size_t index) { return log.log.points.at(index).record; }

}  // namespace weft
