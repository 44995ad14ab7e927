#include "patterns/step_estimate.hpp"

#include <algorithm>

#include "patterns/model_flops.hpp"
#include "patterns/schedules/registry.hpp"

namespace weft {

namespace {

bool is_data_parallel(const std::string& dimension) { return dimension == "dp-cp" || dimension == "edp"; }

/// Formulas are proportional to the times, so any unit will do.
void add_bubble(const ParallelLayout& layout, StageCompute& compute) {
  if (layout.pipeline == 1) return;
  constexpr Nanoseconds kUnit = 1'000'000;
  const PipelineShape shape{.devices = static_cast<int>(layout.pipeline),
                            .micro_batches = static_cast<int>(layout.micro_batches()),
                            .virtual_stages = static_cast<int>(layout.virtual_stages),
                            .forward_ns = kUnit,
                            .backward_ns = (layout.full_recompute ? 3 : 2) * kUnit,
                            .weight_ns = kUnit};
  const Schedule& schedule = schedules::registry().find(name_of(layout.schedule));
  compute.bubble_left_out = schedule.refuses(shape);
  if (!compute.bubble_left_out.empty()) return;
  const auto busy =
      static_cast<double>(shape.micro_batches) * static_cast<double>(shape.forward_ns + shape.backward_ns);
  compute.bubble = std::max(0.0, schedule.bubble_ns(shape)) / busy;
}

}  // namespace

StageCompute stage_compute(const ParallelLayout& layout, const Model& model, const StageWork& work,
                           double flop_per_us) {
  StageCompute compute;
  compute.forward_us = stage_flops(layout, rank_flops(layout, model), work) / flop_per_us;
  compute.backward_us = (kBackwardOfForward + (layout.full_recompute ? 1 : 0)) * compute.forward_us;
  add_bubble(layout, compute);
  return compute;
}

std::vector<std::string> hidden_dimensions(PipelineSchedule schedule) {
  const bool both_ways = schedule == PipelineSchedule::dualpipe || schedule == PipelineSchedule::dualpipev;
  if (both_ways) return {"ep", "pp", "dp-cp", "edp"};
  return {"pp", "dp-cp", "edp"};
}

std::vector<TrafficRow> traffic_rows(const StageTraffic& stage, const std::vector<std::optional<CallCost>>& costs) {
  std::vector<TrafficRow> rows;
  for (std::size_t i = 0; i < stage.calls.size(); ++i) {
    const CallTraffic& call = stage.calls[i];
    const bool between_nodes = call.nodes > 1;
    auto row = std::find_if(rows.begin(), rows.end(), [&](const TrafficRow& each) {
      return each.dimension == call.dimension && each.between_nodes == between_nodes;
    });
    if (row == rows.end()) {
      row = rows.emplace(rows.end());
      row->dimension = call.dimension;
      row->between_nodes = between_nodes;
    }
    row->calls.push_back(i);
    if (!costs[i]) {
      row->unknown.push_back(i);
      continue;
    }
    row->wire += call.step_wire();
    row->latency_us += static_cast<double>(call.calls) * costs[i]->latency_us;
    row->transfer_us += static_cast<double>(call.calls) * costs[i]->transfer_us;
  }
  return rows;
}

StepEstimate estimate_step(const StepProblem& problem, const std::vector<double>& factors) {
  const StageCompute& compute = problem.compute;
  StepEstimate estimate{.rows = problem.rows, .step_us = 0, .ideal_us = compute.us() * (1 + compute.bubble)};
  estimate.step_us = estimate.ideal_us;
  double behind_passes = compute.us();
  double behind_micro_batch = compute.us() / static_cast<double>(problem.micro_batches);
  for (std::size_t i = 0; i < estimate.rows.size(); ++i) {
    TrafficRow& row = estimate.rows[i];
    if (!factors.empty()) row.transfer_us /= factors[i];
    const bool once = is_data_parallel(row.dimension);
    double hidden = 0;
    if (std::find(problem.hidden.begin(), problem.hidden.end(), row.dimension) != problem.hidden.end()) {
      double& behind = once ? behind_micro_batch : behind_passes;
      hidden = std::min(row.time_us(), behind);
      behind -= hidden;
    }
    row.exposed_us = (row.time_us() - hidden) * (once ? 1 : 1 + compute.bubble);
    estimate.step_us += row.exposed_us;
  }
  return estimate;
}

}  // namespace weft
