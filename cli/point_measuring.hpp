#pragma once

#include "cli/open_transport.hpp"
#include "cli/reporter.hpp"
#include "measure/measure.hpp"

namespace weft::cli {

/// Measures a point's work on a transport, and fills the record and, on rank 0, the samples. Collective; the record's
/// status is the same on every rank.
class PointMeasuring {
 public:
  /// `reporter` gets what a point tells beside its row; null but on rank 0. All are kept by reference.
  PointMeasuring(const RunOptions& options, World& world, const RankPlaces& places, Reporter* reporter)
      : options_(options), world_(world), places_(places), reporter_(reporter) {}

  void measure(const Point& point, const Workload& workload, OpenTransport& transport, Record& record,
               Samples& samples);

 private:
  MeasureOptions measure_options(const Point& point, const Communicator& communicator) const;
  /// Runs the point once more to see where its time goes.
  void report(const Point& point, PreparedPoint& prepared, Instruments& instruments, const Record& record);
  /// Adds one more execution to the file of --trace.
  void trace(PreparedPoint& point, Instruments& instruments, Record& record);
  /// Empty, or that this rank's host has less memory than its ranks need.
  std::string check_memory(Bytes mine, const Communicator& communicator);

  const RunOptions& options_;
  World& world_;
  const RankPlaces& places_;
  Reporter* reporter_;
};

}  // namespace weft::cli
