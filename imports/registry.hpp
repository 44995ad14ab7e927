#pragma once

#include <functional>
#include <string>
#include <vector>

#include "imports/log.hpp"
#include <nlohmann/json.hpp>

#include "core/registry.hpp"
#include "results/record.hpp"
#include "results/samples.hpp"

namespace weft {

/// What a log may leave out and the user adds.
struct ImportOptions {
  int ranks = 0;               ///< 0: the log says it
  std::string operation = {};  ///< weft's name; empty: the log says it
  std::string transport = {};  ///< what the rows are to be called; empty: the format's own
};

/// One row of a log in weft's terms. Samples are empty where the log has none: the figures are in the record then.
struct ImportedPoint {
  Record record;
  Samples samples;
  std::size_t line = 0;  ///< where it stands in the log
  Bytes size = 0;        ///< as the log gives it, by its own convention
};

/// A log in weft's terms.
struct ImportedLog {
  std::string tool;                                      ///< "OSU Micro-Benchmarks"
  std::string version;                                   ///< of the tool; empty where the log does not say
  nlohmann::json parameters = nlohmann::json::object();  ///< how it was measured, as far as the log tells
  std::vector<ImportedPoint> points;
  std::vector<std::string> left_out;  ///< sentences on what has no counterpart in weft
};

/// A benchmark's log. Adding one: a file with `LogFormat name()` and a line in imports/CMakeLists.txt.
struct LogFormat {
  std::string name;
  std::string summary;
  std::function<bool(const Log&)> recognises;
  /// Throws UsageError naming file and line.
  std::function<ImportedLog(const Log&, const ImportOptions&)> read;

  std::string key() const { return name; }
};

namespace imports {
const Registry<LogFormat>& registry();
}

}  // namespace weft
