#include <algorithm>

#include <nlohmann/json.hpp>

#include "cli/run_options.hpp"
#include "cli/selection_file.hpp"
#include "patterns/model.hpp"
#include "patterns/pipeline_workload.hpp"
#include "patterns/registry.hpp"
#include "results/or_null.hpp"

namespace weft::cli {

namespace {

template <typename Value>
std::vector<std::string> names_of(const std::vector<Value>& values) {
  std::vector<std::string> names;
  for (const Value value : values) names.emplace_back(name_of(value));
  return names;
}

std::vector<std::string> described(const std::vector<RouterOptions>& routers) {
  std::vector<std::string> texts;
  for (const RouterOptions& router : routers) texts.push_back(describe(router));
  return texts;
}

nlohmann::json of(const FabricModel& fabric) {
  nlohmann::json json = {{"latency_ns", fabric.latency},
                         {"bandwidth_GBps", fabric.bandwidth},
                         {"jitter", fabric.jitter},
                         {"skew_ns", fabric.skew},
                         {"overhead_ns", fabric.overhead},
                         {"stall_share", fabric.stall_share},
                         {"stall_factor", fabric.stall_factor},
                         {"clock_offset_ns", fabric.clock_offset},
                         {"clock_drift_ppm", fabric.clock_drift},
                         {"late_rank", fabric.late_rank},
                         {"late_ns", fabric.late_by},
                         {"launch_cv", fabric.launch_cv},
                         {"slow_bytes", fabric.slow_bytes},
                         {"slow_factor", fabric.slow_factor}};
  if (fabric.ranks_per_node == 0) return json;  // as runs of before there were nodes have it
  json["ranks_per_node"] = fabric.ranks_per_node;
  json["node_latency_ns"] = fabric.node_latency;
  json["node_bandwidth_GBps"] = fabric.node_bandwidth;
  if (fabric.node_uplink > 0) json["node_uplink_GBps"] = fabric.node_uplink;
  return json;
}

nlohmann::json of(const Model& model) {
  return {{"hidden", model.hidden}, {"experts", model.experts},       {"top_k", model.top_k},
          {"groups", model.groups}, {"top_groups", model.top_groups}, {"streams", model.streams}};
}

}  // namespace

nlohmann::json RunOptions::configuration() const {
  const bool shaped = std::any_of(patterns.begin(), patterns.end(), [](const std::string& name) {
    return patterns::registry().find(name).shaped_by_model;
  });
  nlohmann::json json = {
      {"patterns", patterns},
      {"transports", transports},
      {"ranks", ranks},
      {"min_bytes", request.min_bytes},
      {"max_bytes", request.max_bytes},
      {"factor", request.factor},
      {"dtypes", names_of(request.dtypes)},
      {"ops", names_of(request.ops)},
      {"algorithms", request.algorithms},
      {"in_place", request.in_place},
      {"model", request.model},
      {"model_shape", shaped ? of(load_model(request.model, request.models_directory)) : nlohmann::json()},
      {"tokens", request.tokens},
      {"routers", described(request.routers)},
      {"dispatchers", request.dispatchers},
      {"forward_pass", request.forward_pass},
      {"backward_pass", request.backward_pass},
      {"dispatch_format", name_of(request.dispatch_format)},
      {"combine_format", name_of(request.combine_format)},
      {"routings", or_null(request.routings)},
      {"replay_step", or_null(request.replay.step)},
      {"replay_layer", or_null(request.replay.layer)},
      {"placement", describe(request.placement)},
      {"ranks_per_node", request.ranks_per_node},
      {"micro_batches", request.micro_batches},
      {"stages", request.stages},
      {"virtual_stages", request.virtual_stages},
      {"schedule", request.schedule},
      {"forward_ns", request.forward_ns},
      {"backward_ns", request.backward_ns},
      {"weight_ns", pipeline_shape(request, ranks).weight_ns},
      {"layout", request.layout},
      {"layout_model", request.layout_model},
      {"shrink", or_null(request.shrink)},
      {"peak_tflops", request.peak_tflops.value_or(kReferencePeak)},
      {"efficiency", request.efficiency},
      {"goal", request.goal},
      {"goal_eager", request.goal_eager},
      {"seed", request.seed},
      {"iterations", measure.iterations},
      {"warmup", measure.warmup},
      {"checks", measure.checks},
      {"cache", name_of(measure.cache)},
      {"sync", name_of(measure.sync)},
      {"arrival", describe(measure.arrival)},
      {"compute", name_of(measure.compute.kind)},
      {"progress", name_of(measure.compute.progress)},
      {"timer", name_of(measure.timer)},
      {"batch", measure.batch},
      {"samples", measure.all_ranks ? "all" : "completion"},
      {"precision", measure.precision},
      {"budget_ns", measure.budget},
      {"min_time_ns", measure.min_time},
      {"order", shuffled ? "shuffled" : "given"},
      {"oversubscribe", oversubscribe},
      {"fabric", of(transport.model)}};
  if (std::find(transports.begin(), transports.end(), "tcp") != transports.end())
    json["tcp"] = {{"streams", transport.tcp.streams}, {"interface", transport.tcp.interface}};
  if (std::find(transports.begin(), transports.end(), "gloo") != transports.end())
    json["gloo"] = {{"interface", transport.tcp.interface}};
  if (std::find(transports.begin(), transports.end(), "ofi") != transports.end())
    json["ofi"] = {{"provider", transport.ofi_provider}};
  if (std::find(patterns.begin(), patterns.end(), "congest") != patterns.end())
    json["congest"] = {{"victims", request.victim_share}, {"aggressor_bytes", request.aggressor_bytes}};
  if (!selections.empty()) json["selections"] = selections_json(selections).at("selections");
  // Only where they are given, so that runs from before there was a choice can be compared.
  if (measure.min_samples != MeasureOptions().min_samples) json["min_samples"] = measure.min_samples;
  if (transport.memory != MemoryKind::automatic) json["memory"] = name_of(transport.memory);
  if (transport.share_devices) json["share_device"] = true;
  return json;
}

}  // namespace weft::cli
