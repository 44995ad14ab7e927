#include "cli/fit_page.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "core/text.hpp"
#include "patterns/model_flops.hpp"

namespace weft::cli {

namespace {

constexpr double kFlopPerUsOfOneTflops = 1e6;
constexpr double kFewestSizes = 4;  ///< from the largest to a fourth of it, so that latency can be told from bandwidth

bool moves_tokens(const CallTraffic& call) {
  return call.dimension == "ep" && (call.call.starts_with("dispatch") || call.call.starts_with("combine"));
}

WantedCall wanted_of(const CallTraffic& call) {
  return {.collective = call.collective,
          .wire = call.wire,
          .ranks = call.ranks,
          .between_nodes = call.nodes > 1,
          .tokens = moves_tokens(call)};
}

/// One stage as it would run on the measured fabric.
struct StageOnFabric {
  std::vector<std::optional<CallTime>> times;
  StepProblem problem;
};

StageOnFabric put_on_fabric(const ChosenLayout& chosen, const StageTraffic& stage, const FitRules& rules,
                            const MeasuredFabric& fabric) {
  StageOnFabric on;
  std::vector<std::optional<CallCost>> costs;
  for (const CallTraffic& call : stage.calls) {
    on.times.push_back(fabric.time_of(wanted_of(call)));
    costs.emplace_back();
    if (const auto& time = on.times.back()) costs.back() = {time->time.latency_us, time->time.transfer_us};
  }
  on.problem.compute = stage_compute(chosen.layout, chosen.model, stage.work,
                                     rules.peak_tflops * rules.efficiency * kFlopPerUsOfOneTflops);
  on.problem.micro_batches = chosen.layout.micro_batches();
  on.problem.hidden = rules.hidden;
  on.problem.rows = traffic_rows(stage, costs);
  return on;
}

/// Useful FLOPs of a rank in a step, the mean over the stages.
double useful_flops(const ChosenLayout& chosen) {
  const RankFlops flops = rank_flops(chosen.layout, chosen.model);
  double sum = 0;
  for (const StageTraffic& stage : chosen.traffic.stages) sum += stage_flops(chosen.layout, flops, stage.work);
  return (1 + kBackwardOfForward) * sum / static_cast<double>(chosen.traffic.stages.size());
}

std::string place_text(bool between_nodes) { return between_nodes ? "between nodes" : "inside a node"; }

/// What stands for some calls of a row, and how far it is from them.
struct Stand {
  std::size_t calls = 0;
  double ranks = 0;
  bool below = false;
  bool beyond = false;
};

std::string stand_text(const TrafficRow& row, const MeasuredCurve& curve, const Stand& stand) {
  std::string text =
      fmt::format("{} {}: {} of {:.4g} ranks taken from {}", row.dimension, place_text(row.between_nodes),
                  stand.calls == 1 ? "a call" : "calls", stand.ranks, curve.curve.title());
  if (!curve.between_nodes)
    text += ", whose run tells no nodes apart";
  else if (*curve.between_nodes != row.between_nodes)
    text += fmt::format(", WHICH WAS MEASURED {}", *curve.between_nodes ? "BETWEEN NODES" : "INSIDE A NODE");
  const bool message = curve.curve.pattern == "send_recv";
  if (!message && static_cast<double>(curve.curve.ranks) != stand.ranks) text += ", at the same bytes on a rank's wire";
  if (stand.below) text += "; from below its sizes by the line through its first two";
  if (stand.beyond) text += "; beyond its sizes by the bandwidth of its last two";
  return text;
}

void describe_stands(FitPage& page) {
  for (const TrafficRow& row : page.report.estimate.rows) {
    std::map<std::pair<const MeasuredCurve*, double>, Stand> stands;
    for (const std::size_t i : row.calls) {
      if (!page.times[i]) continue;
      const CallTraffic& call = page.traffic().calls[i];
      Stand& stand = stands[{page.times[i]->curve, call.ranks}];
      ++stand.calls;
      stand.ranks = call.ranks;
      stand.below |= page.times[i]->time.place == CurvePlace::below;
      stand.beyond |= page.times[i]->time.place == CurvePlace::beyond;
    }
    for (const auto& [key, stand] : stands) page.assumed.push_back(stand_text(row, *key.first, stand));
  }
}

Bytes power_of_two(double bytes, bool up) {
  const auto whole = static_cast<Bytes>(std::max(1.0, up ? std::ceil(bytes) : std::floor(bytes)));
  return up ? std::bit_ceil(whole) : std::bit_floor(whole);
}

/// For each operation that is missing the run that would measure it as the calls need it.
void describe_missing(FitPage& page) {
  struct Range {
    double least = 1e300;
    double most = 0;
    std::vector<std::string> dimensions;
  };
  std::map<std::tuple<Collective, int, bool>, Range> ranges;
  for (const TrafficRow& row : page.report.estimate.rows)
    for (const std::size_t i : row.unknown) {
      const CallTraffic& call = page.traffic().calls[i];
      const int ranks = static_cast<int>(std::lround(call.ranks));
      const double bytes = call.wire / wire_per_byte(call.collective, ranks);
      Range& range = ranges[{call.collective, ranks, row.between_nodes}];
      range.least = std::min(range.least, bytes);
      range.most = std::max(range.most, bytes);
      if (range.dimensions.empty() || range.dimensions.back() != row.dimension)
        range.dimensions.push_back(row.dimension);
    }
  for (const auto& [key, range] : ranges) {
    const auto& [collective, ranks, between_nodes] = key;
    const std::string start =
        page.transport == "mpi"
            ? fmt::format("mpirun -np {} weft run {} -t mpi", ranks, name_of(collective))
            : fmt::format("weft run {} -t {} --ranks {}", name_of(collective), page.transport, ranks);
    page.missing.push_back(
        fmt::format("{} of {}, on ranks {}: {} -b {} -e {} -f 2", name_of(collective), join(range.dimensions, ", "),
                    place_text(between_nodes), start,
                    format_bytes(power_of_two(std::min(range.least, range.most / kFewestSizes), false)),
                    format_bytes(power_of_two(range.most, true))));
  }
}

/// What ep's calls come to by the 2d rule.
std::optional<HidingRule> rule_of(const FitPage& page) {
  double time_us = 0;
  for (const TrafficRow& row : page.report.estimate.rows) {
    if (row.dimension != "ep") continue;
    if (!row.unknown.empty()) return {};
    time_us += row.time_us();
  }
  if (time_us == 0) return {};
  return hiding_rule(page.chosen.layout, page.chosen.model, static_cast<double>(page.traffic().all_to_alls),
                     time_us * 1e3, page.rules.peak_tflops * 1e3);
}

}  // namespace

FitPage make_fit_page(ChosenLayout chosen, const FitRules& rules, const MeasuredFabric& fabric,
                      const std::vector<std::string>& runs) {
  FitPage page;
  page.chosen = std::move(chosen);
  page.rules = rules;
  page.runs = runs;
  page.transport = fabric.transport();
  double longest = 0;
  double longest_ideal = 0;
  StepProblem problem;
  for (std::size_t i = 0; i < page.chosen.traffic.stages.size(); ++i) {
    StageOnFabric on = put_on_fabric(page.chosen, page.chosen.traffic.stages[i], rules, fabric);
    const StepEstimate estimate = estimate_step(on.problem);
    longest_ideal = std::max(longest_ideal, estimate.ideal_us);
    if (estimate.step_us <= longest) continue;
    longest = estimate.step_us;
    page.stage = i;
    page.times = std::move(on.times);
    problem = std::move(on.problem);
  }
  page.compute = problem.compute;
  page.report = judge(problem, rules.limits);
  const double flops = useful_flops(page.chosen) / (rules.peak_tflops * kFlopPerUsOfOneTflops);
  page.mfu = flops / longest;
  page.ideal_mfu = flops / longest_ideal;
  page.rule = rule_of(page);
  page.left_out = page.chosen.traffic.left_out;
  for (std::string& sentence : flops_left_out(page.chosen.model)) page.left_out.push_back(std::move(sentence));
  if (!page.compute.bubble_left_out.empty())
    page.left_out.push_back("the pipeline's bubble is left out: " + page.compute.bubble_left_out);
  describe_stands(page);
  describe_missing(page);
  return page;
}

}  // namespace weft::cli
