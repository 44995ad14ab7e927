#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "core/text.hpp"
#include "patterns/registry.hpp"
#include "patterns/training_step/report_step.hpp"
#include "patterns/training_step/step_workload.hpp"

namespace weft::patterns::training_step {

namespace {

void add_notes(const StepPlan& plan, const Request& request, Point& point) {
  const ParallelLayout& layout = plan.layout();
  point.notes = {
      {"layout", layout.name},
      {"model", plan.model().name},
      {"router", describe(request.routers.front())},
      {"degrees", fmt::format("TP{} CP{} DP{} PP{} EP{} ETP{} EDP{}", layout.tensor, layout.context, layout.data(),
                              layout.pipeline, layout.expert, layout.expert_tensor, layout.expert_data())},
      {"micro_batches", fmt::format("{}", layout.micro_batches())},
      {"tokens", fmt::format("{}", layout.tokens())},
      {"peak_tflops", fmt::format("{:.6g}", plan.peak / 1e3)},
      {"efficiency", fmt::format("{:.4g}", request.efficiency)}};
  if (!plan.shrunk.changes.empty()) point.notes["shrunk"] = join(plan.shrunk.changes, ", ");
}

std::vector<Point> plan_training_step(const Request& request, int ranks) {
  const auto plan = std::make_shared<const StepPlan>(plan_step(request, ranks));
  Point point;
  point.pattern = "training_step";
  point.operation = "step";
  point.algorithm = plan->schedule == nullptr ? "" : plan->schedule->name;
  point.dtype = Datatype::bf16;
  point.refused = plan->refused;
  if (!point.refused.empty()) return {point};
  add_notes(*plan, request, point);
  point.sized_by_programs = true;
  point.ranks_per_node = plan->layout().ranks_per_node;
  point.build = [plan](int rank) { return std::make_unique<StepWorkload>(plan, rank); };
  point.report = [plan](std::span<const RankAccount> accounts, double step_ns) {
    return report_step(*plan, accounts, step_ns);
  };
  return {point};
}

std::map<std::string, std::string> useless_flags() {
  const std::string sizes = "what is sent follows from --layout and its model";
  const std::string compute = "compute follows from the model's FLOPs, --peak and --efficiency";
  return {
      {"--min-bytes", sizes},
      {"--max-bytes", sizes},
      {"--factor", sizes},
      {"--dtype", sizes},
      {"--op", "gradients are summed"},
      {"--in-place", sizes},
      {"--tokens", "a micro-batch's tokens are \"sequence_length\" x \"micro_batch\" of --layout"},
      {"--micro-batches", "they follow from \"global_batch\" of --layout"},
      {"--stages", "they are \"pipeline\" of --layout"},
      {"--virtual-stages", "they are \"virtual_stages\" of --layout"},
      {"--schedule", "it is \"schedule\" of --layout"},
      {"--dispatcher", "it is \"dispatcher\" of --layout"},
      {"--dispatch-format", "it is \"dispatch_format\" of --layout"},
      {"--combine-format", "it is \"combine_format\" of --layout"},
      {"--ranks-per-node",
       "it is \"ranks_per_node\" of --layout, and of a simulated fabric ranks-per-node of --fabric"},
      {"--placement", "experts lie on the ranks of \"expert\" of --layout in order"},
      {"--pass", "a step has both passes"},
      {"--forward", compute},
      {"--backward", compute},
      {"--weight-gradient", compute},
  };
}

}  // namespace

Pattern entry() {
  Pattern pattern;
  pattern.name = "training_step";
  pattern.summary = "a whole training step of a parallel layout: all dimensions at once, with emulated compute";
  pattern.shaped_by_model = true;
  pattern.takes_peak = true;
  pattern.plan = plan_training_step;
  pattern.useless_flags = useless_flags();
  return pattern;
}

}  // namespace weft::patterns::training_step
