#pragma once

#include <memory>
#include <string>

#include "cli/progress.hpp"
#include "cli/session.hpp"
#include "core/topology.hpp"
#include "results/format.hpp"
#include "results/run_folder.hpp"

namespace weft::cli {

/// Makes the run folder, or checks the one to be resumed, before any rank starts, and gives its path. Throws UsageError
/// where it cannot be written, holds a run already, or is another run than the one to be resumed.
std::string open_run_folder(const RunOptions& options);

/// Rank 0's hand on the results: appends each point to the run folder and prints it as it ends.
class Reporter {
 public:
  Reporter(const Job& job, const Topology& topology);

  bool has(const Record& record) const { return writer_.has(record); }
  void start(const Record& record);
  void add(const Point& point, Record& record, const Samples& samples);
  void finish(int exit_code);

 private:
  void print(const std::string& text);
  void add_details(const Point& point, const Record& record);

  const Job& job_;
  RunWriter writer_;
  std::unique_ptr<Formatter> formatter_;
  Progress progress_;
};

}  // namespace weft::cli
