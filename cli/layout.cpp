#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/layout_choice.hpp"
#include "cli/report_file.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "patterns/rank_groups.hpp"
#include "patterns/step_traffic.hpp"

namespace weft::cli {

namespace {

struct LayoutWanted {
  LayoutChoice choice;
  std::string json;
};

/// What there is to say of a layout.
struct LayoutReport {
  ParallelLayout layout;
  Model model;
  std::vector<RankGroups> groups;  ///< of the dimensions that have more than one rank
  StepTraffic traffic;
};

LayoutReport report_of(const LayoutWanted& wanted) {
  LayoutReport report;
  ChosenLayout chosen = choose_layout(wanted.choice);
  report.layout = std::move(chosen.layout);
  report.model = std::move(chosen.model);
  report.traffic = std::move(chosen.traffic);
  for (const std::string& dimension : group_dimensions()) {
    RankGroups groups = rank_groups(report.layout, dimension);
    if (groups.groups.front().size() > 1) report.groups.push_back(std::move(groups));
  }
  return report;
}

Bytes rounded(double bytes) { return static_cast<Bytes>(std::llround(bytes)); }

nlohmann::json json_of_groups(const RankGroups& groups, std::uint64_t ranks_per_node) {
  const NodeSpan span = node_span(groups, ranks_per_node);
  return {{"dimension", groups.dimension},
          {"fewest_nodes", span.fewest},
          {"most_nodes", span.most},
          {"crossing", span.crossing},
          {"groups", groups.groups}};
}

nlohmann::json json_of_stage(const StageTraffic& stage, std::size_t number) {
  nlohmann::json calls = nlohmann::json::array();
  for (const CallTraffic& call : stage.calls)
    calls.push_back({{"dimension", call.dimension},
                     {"call", call.call},
                     {"formula", call.formula},
                     {"calls", call.calls},
                     {"bytes", rounded(call.bytes)},
                     {"wire_bytes", rounded(call.wire)},
                     {"step_wire_bytes", rounded(call.step_wire())}});
  return {{"stage", number},
          {"layers", stage.work.layers},
          {"moe_layers", stage.work.moe_layers},
          {"all_to_alls", stage.all_to_alls},
          {"step_wire_bytes", rounded(stage.step_wire())},
          {"calls", calls}};
}

nlohmann::json json_of_layout(const LayoutReport& report) {
  nlohmann::json groups = nlohmann::json::array();
  for (const RankGroups& dimension : report.groups)
    groups.push_back(json_of_groups(dimension, report.layout.ranks_per_node));
  nlohmann::json stages = nlohmann::json::array();
  for (const StageTraffic& stage : report.traffic.stages) stages.push_back(json_of_stage(stage, stages.size()));
  return {{"layout", report.layout.name},
          {"source", report.layout.source},
          {"assumptions", report.layout.assumptions},
          {"model", report.model.name},
          {"ranks", report.layout.ranks},
          {"ranks_per_node", report.layout.ranks_per_node},
          {"micro_batches", report.layout.micro_batches()},
          {"tokens", report.layout.tokens()},
          {"left_out", report.traffic.left_out},
          {"groups", groups},
          {"stages", stages}};
}

/// "{0 1 2 3}", "{0 8 16 … 120}".
std::string ranks_text(const std::vector<std::uint32_t>& group) {
  constexpr std::size_t kShown = 3;
  if (group.size() <= kShown + 1) return fmt::format("{{{}}}", fmt::join(group, " "));
  return fmt::format("{{{} … {}}}", fmt::join(group.begin(), group.begin() + kShown, " "), group.back());
}

std::string span_text(const RankGroups& groups, std::uint64_t ranks_per_node) {
  const NodeSpan span = node_span(groups, ranks_per_node);
  if (span.crossing == 0) return "all inside a node";
  if (span.fewest == span.most) return fmt::format("each on {} nodes", span.most);
  return fmt::format("{} across nodes, on {} to {}", span.crossing, span.fewest, span.most);
}

void print_groups(const LayoutReport& report) {
  fmt::print("\ngroups\n");
  for (const RankGroups& dimension : report.groups) {
    const auto& groups = dimension.groups;
    std::string text = ranks_text(groups.front());
    if (groups.size() > 1) text += " " + ranks_text(groups[1]);
    if (groups.size() > 2) text += " …";
    fmt::print("  {:<6} {} of {}: {}, {}\n", dimension.dimension, groups.size(), groups.front().size(), text,
               span_text(dimension, report.layout.ranks_per_node));
  }
}

/// "61 layers on 16 stages: 13 hold 4, 3 hold 3"
std::string stages_text(const LayoutReport& report) {
  std::map<std::uint64_t, std::size_t, std::greater<>> stages_with;
  for (const StageTraffic& stage : report.traffic.stages) ++stages_with[stage.work.layers];
  std::vector<std::string> parts;
  for (const auto& [layers, stages] : stages_with)
    parts.push_back(stages_with.size() == 1 ? fmt::format("each holds {}", layers)
                                            : fmt::format("{} {} {}", stages, stages == 1 ? "holds" : "hold", layers));
  const std::uint64_t chunks = report.layout.virtual_stages;
  return fmt::format("{} layers on {} stages, {}{}: {}", report.model.layers, report.layout.pipeline,
                     name_of(report.layout.schedule), chunks == 1 ? "" : fmt::format(", {} chunks each", chunks),
                     join(parts, ", "));
}

void print_head(const LayoutReport& report) {
  const ParallelLayout& layout = report.layout;
  fmt::print("# {}: {}\n", layout.name, layout.source);
  for (const std::string& assumption : layout.assumptions) fmt::print("# assumed: {}\n", assumption);
  fmt::print("{}, {} ranks on {} nodes of {}\n", report.model.name, layout.ranks, layout.nodes(),
             layout.ranks_per_node);
  fmt::print("attention tp {} x cp {} x dp {} x pp {}, experts etp {} x ep {} x edp {} x pp {}, order {}\n",
             layout.tensor, layout.context, layout.data(), layout.pipeline, layout.expert_tensor, layout.expert,
             layout.expert_data(), layout.pipeline, layout.order);
  fmt::print("{}\n", stages_text(report));
  fmt::print("a step: {} sequences of {} tokens, on each pipeline {} micro-batches of {}; {} tokens of one on a rank\n",
             layout.global_batch, layout.sequence_length, layout.micro_batches(), layout.micro_batch, layout.tokens());
  fmt::print("dispatcher {}: dispatch {}, combine {}; gradients {}, parameters {}{}{}\n", name_of(layout.dispatcher),
             name_of(layout.dispatch_format), name_of(layout.combine_format), name_of(layout.gradient_type),
             name_of(layout.parameter_type), layout.distributed_optimizer ? ", distributed optimizer" : "",
             layout.full_recompute ? ", full recompute" : "");
}

void print_traffic(const LayoutReport& report) {
  const std::vector<StageTraffic>& stages = report.traffic.stages;
  const auto busiest = std::max_element(stages.begin(), stages.end(), [](const StageTraffic& a, const StageTraffic& b) {
    return a.step_wire() < b.step_wire();
  });
  fmt::print("\nwhat a rank of stage {} sends in a step, {} of {} stages; formulas: docs/layouts.md\n",
             busiest - stages.begin(), stages.size() == 1 ? "the only" : "the most", stages.size());
  fmt::print("  {:<6} {:<48} {:>8} {:>9} {:>9} {:>9}  {}\n", "", "call", "calls", "B/call", "wire", "wire/step",
             "formula");
  std::vector<std::pair<std::string, double>> sums;
  for (const CallTraffic& call : busiest->calls) {
    fmt::print("  {:<6} {:<48} {:>8} {:>9} {:>9} {:>9}  {}\n", call.dimension, call.call, call.calls,
               short_bytes(rounded(call.bytes)), short_bytes(rounded(call.wire)),
               short_bytes(rounded(call.step_wire())), call.formula);
    if (sums.empty() || sums.back().first != call.dimension) sums.emplace_back(call.dimension, 0);
    sums.back().second += call.step_wire();
  }
  fmt::print("  sum: {}", short_bytes(rounded(busiest->step_wire())));
  for (const auto& [dimension, wire] : sums) fmt::print(", {} {}", dimension, short_bytes(rounded(wire)));
  fmt::print("; {} all-to-alls\n", busiest->all_to_alls);
  for (const std::string& sentence : report.traffic.left_out) fmt::print("# {}\n", sentence);
}

int show_layout(const LayoutWanted& wanted) {
  const LayoutReport report = report_of(wanted);
  write_report("--json", wanted.json, json_of_layout(report).dump(2) + "\n");
  if (!is_standard_output(wanted.json)) {
    print_head(report);
    print_groups(report);
    print_traffic(report);
  }
  return static_cast<int>(ExitCode::ok);
}

}  // namespace

void add_layout(CLI::App& app, Chosen& chosen) {
  CLI::App* const command =
      app.add_subcommand("layout", "The groups of a training run's parallel layout, and what its ranks send in a step");
  auto wanted = std::make_shared<LayoutWanted>();
  command->add_option("layout", wanted->choice.layout, "A name that `weft list` shows, or the path of a layout file")
      ->required()
      ->type_name("LAYOUT");
  add_model_of_layout(*command, wanted->choice);
  command
      ->add_option("--json", wanted->json, std::string("Groups, and the calls of every stage") + kDashIsStandardOutput)
      ->type_name("FILE");
  command->callback([wanted, &chosen] { chosen = [wanted] { return show_layout(*wanted); }; });
}

}  // namespace weft::cli
