#include <cmath>

#include <nlohmann/json.hpp>

#include "cli/fit_page.hpp"
#include "results/or_null.hpp"

namespace weft::cli {

namespace {

nlohmann::json json_of_call(const CallTraffic& call, const std::optional<CallTime>& time) {
  nlohmann::json json = {{"call", call.call},   {"collective", name_of(call.collective)},
                         {"ranks", call.ranks}, {"nodes", call.nodes},
                         {"calls", call.calls}, {"wire_bytes", call.wire}};
  if (!time) return json;
  json["time_us"] = time->time.us();
  json["latency_us"] = time->time.latency_us;
  json["curve"] = time->curve->curve.title();
  json["extrapolated"] = time->time.place != CurvePlace::within;
  return json;
}

nlohmann::json json_of_row(const FitPage& page, std::size_t index) {
  const TrafficRow& row = page.report.estimate.rows[index];
  const RowFitness& fitness = page.report.rows[index];
  nlohmann::json calls = nlohmann::json::array();
  for (const std::size_t i : row.calls) calls.push_back(json_of_call(page.traffic().calls[i], page.times[i]));
  nlohmann::json needed;
  if (fitness.needed && row.unknown.empty()) needed = *fitness.needed * row.gbps();
  return {{"dimension", row.dimension},
          {"between_nodes", row.between_nodes},
          {"known", row.unknown.empty()},
          {"wire_bytes", row.wire},
          {"time_us", row.time_us()},
          {"exposed_us", row.exposed_us},
          {"exposed_share", page.report.estimate.share(row)},
          {"verdict", name_of(fitness.fitness)},
          {"bandwidth_GBps", row.gbps()},
          {"needed_GBps", needed},
          {"calls", calls}};
}

}  // namespace

nlohmann::json fit_json(const FitPage& page) {
  nlohmann::json rows = nlohmann::json::array();
  for (std::size_t i = 0; i < page.report.rows.size(); ++i) rows.push_back(json_of_row(page, i));
  return {{"model", page.chosen.model.name},
          {"layout", page.chosen.layout.name},
          {"ranks", page.chosen.layout.ranks},
          {"runs", page.runs},
          {"transport", page.transport},
          {"peak_tflops", page.rules.peak_tflops},
          {"efficiency", page.rules.efficiency},
          {"fits", page.rules.limits.fits},
          {"marginal", page.rules.limits.marginal},
          {"hidden", page.rules.hidden},
          {"verdict", name_of(page.report.overall)},
          {"exposed_share", page.report.estimate.lost()},
          {"binding", or_null(page.report.binding)},
          {"needed_bandwidth_factor", or_null(page.report.needed)},
          {"stage", page.stage},
          {"step_us", page.report.estimate.step_us},
          {"compute_us", page.compute.us()},
          {"bubble_us", page.compute.us() * page.compute.bubble},
          {"mfu", page.mfu},
          {"infinite_fabric_mfu", page.ideal_mfu},
          {"flop_per_byte", page.rule ? nlohmann::json(page.rule->flop_per_byte) : nlohmann::json()},
          {"flop_per_byte_allowed", most_flop_per_byte(page.chosen.model)},
          {"rows", rows},
          {"missing", page.missing},
          {"assumed", page.assumed},
          {"left_out", page.left_out}};
}

}  // namespace weft::cli
