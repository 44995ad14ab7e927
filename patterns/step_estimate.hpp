#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "patterns/model.hpp"
#include "patterns/step_traffic.hpp"

namespace weft {

/// What one call takes on a fabric: a part that no bandwidth shortens, and one that is bytes over bandwidth.
struct CallCost {
  double latency_us = 0;
  double transfer_us = 0;
};

/// What a rank of a stage computes in a step, and how long its pipeline idles for it.
struct StageCompute {
  double forward_us = 0;        ///< of all micro-batches
  double backward_us = 0;       ///< twice that, and with full recompute once more
  double bubble = 0;            ///< idle time over busy time, by the formula of the schedule; 0 without a pipeline
  std::string bubble_left_out;  ///< not empty: why there is no formula for this layout

  double us() const { return forward_us + backward_us; }
};

/// At so many FLOP in a us. The bubble takes a backward pass for half weight gradient, a recomputed part aside.
StageCompute stage_compute(const ParallelLayout& layout, const Model& model, const StageWork& work, double flop_per_us);

/// Dimensions whose calls run behind compute: pp, dp-cp and edp with every schedule, ep with dualpipe and dualpipev,
/// where a rank computes on one micro-batch while it communicates for another. Never tp, cp and etp: what comes next on
/// the rank needs their result.
std::vector<std::string> hidden_dimensions(PipelineSchedule schedule);

/// The calls of one dimension on one level of the fabric.
struct TrafficRow {
  std::string dimension;
  bool between_nodes = false;
  std::vector<std::size_t> calls;    ///< their places in StageTraffic::calls
  std::vector<std::size_t> unknown;  ///< of them those without a cost; they count as nothing
  double wire = 0;                   ///< bytes of the others that leave a rank in a step
  double latency_us = 0;             ///< in a step
  double transfer_us = 0;            ///< likewise
  double exposed_us = 0;             ///< by which the step is longer for them, the bubble's share of it included

  double time_us() const { return latency_us + transfer_us; }
  double gbps() const { return transfer_us > 0 ? wire / transfer_us / 1e3 : 0; }  ///< what no latency would leave
};

/// A row for each dimension and level, in the order of the calls. `costs` are those of StageTraffic::calls, none where
/// it is not known.
std::vector<TrafficRow> traffic_rows(const StageTraffic& stage, const std::vector<std::optional<CallCost>>& costs);

/// A step of a stage on a fabric.
struct StepProblem {
  StageCompute compute;
  std::uint64_t micro_batches = 1;
  std::vector<std::string> hidden;  ///< dimensions that run behind compute
  std::vector<TrafficRow> rows;
};

struct StepEstimate {
  std::vector<TrafficRow> rows;
  double step_us = 0;
  double ideal_us = 0;  ///< on a fabric of no latency and infinite bandwidth

  double share(const TrafficRow& row) const { return row.exposed_us / step_us; }
  /// The part of the step that is exposed communication, and so of an infinite fabric's MFU that this one loses.
  double lost() const { return 1 - ideal_us / step_us; }
};

/// How long the step takes; `factors` multiply the bandwidth of each row (none: 1). Hidden rows use up the time of
/// compute in turn, in their order: ep and pp that of the whole step, dp-cp and edp that of one micro-batch (reductions
/// wait for the last backward, gathers go before the first forward passes). What is left over is exposed, and all that
/// is not hidden. Exposed calls of the passes make the bubble longer too; those of data parallelism come once a step.
StepEstimate estimate_step(const StepProblem& problem, const std::vector<double>& factors = {});

}  // namespace weft
