#pragma once

#include <string>
#include <vector>

#include "cli/open_transport.hpp"
#include "cli/progress.hpp"
#include "cli/session.hpp"
#include "core/topology.hpp"
#include "measure/load.hpp"
#include "results/run_folder.hpp"

namespace weft::cli {

/// Makes the run folder, or checks the one to be resumed, before any rank starts, and gives its path. Throws UsageError
/// where it cannot be written, holds a run already, or is another run than the one to be resumed.
std::string open_run_folder(const RunOptions& options);

/// After the last rank has ended: writes the exit code, prints the run in the format asked for, and says where it lies;
/// takes back a run that was refused before its first point, or whose ranks never met. Returns the exit code:
/// ExitCode::usage where nothing of what was asked for could be measured.
int close_run_folder(const RunOptions& options, const std::string& folder, int exit_code);

/// Rank 0's hand on the results: appends each point to the run folder as it ends.
class Reporter {
 public:
  Reporter(const Job& job, const Topology& topology);

  bool has(const Record& record) const { return writer_.has(record); }
  void start(const Record& record);
  void add(const Point& point, Record& record, const Samples& samples);
  /// Where the time of a step went, before the point itself is added. `nodes` is what nodes_that_differ() says.
  void add_report(const Record& record, const StepReport& report, const std::string& nodes);
  /// What each pair of ranks took, where the point tells it.
  void add_pairs(const Point& point, const Record& record, const Samples& samples,
                 const std::vector<std::string>& hosts);
  /// Who was measured beside whom, and what was done meanwhile.
  void add_congest(const Point& point, const Record& record, const Load& load, const std::vector<std::string>& hosts);
  /// What opening the transports told of them, into the provenance. Empty, or why the run cannot be continued so.
  std::string add_facts(const std::vector<OpenTransport>& transports);
  /// Puts into run.json what the points were measured with, and how noisy the system was.
  void add_instruments(nlohmann::json clocks, nlohmann::json noise);
  void skip() { progress_.skip_point(); }

 private:
  void add_details(const Point& point, const Record& record);

  const Job& job_;
  RunWriter writer_;
  Progress progress_;
  int next_point_ = 0;
};

}  // namespace weft::cli
