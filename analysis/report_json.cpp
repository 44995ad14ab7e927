#include "analysis/reports.hpp"
#include <nlohmann/json.hpp>

#include "results/or_null.hpp"

namespace weft {

namespace {

using nlohmann::ordered_json;

ordered_json figures_of(const PointComparison& point) {
  return {{"base_us", point.base},
          {"new_us", point.now},
          {"base_time_us", point.base_time},
          {"new_time_us", point.new_time},
          {"ratio", point.ratio.ratio},
          {"ratio_low", or_null(if_finite(point.ratio.interval.low))},
          {"ratio_high", or_null(if_finite(point.ratio.interval.high))},
          {"p_value", point.p_value},
          {"significant", point.significant},
          {"floor", or_null(if_finite(point.floor))},
          {"minimum_detectable_effect", or_null(if_finite(point.minimum_detectable_effect))}};
}

ordered_json object_of(const PointComparison& point) {
  const Record& record = point.point;
  ordered_json object = {
      {"point", record.point},
      {"title", title_of(point)},
      {"pattern", record.pattern},
      {"operation", record.operation},
      {"algorithm", record.algorithm},
      {"transport", record.transport},
      {"ranks", record.ranks},
      {"dtype", record.dtype},
      {"op", record.op},
      {"in_place", record.in_place},
      {"bytes_per_rank", record.bytes_per_rank},
      {"bytes_per_peer", record.bytes_per_peer},
      {"verdict", name_of(point.verdict)},
      {"reason", point.reason},
      {"launches_needed", point.launches_needed > 0 ? ordered_json(point.launches_needed) : nullptr}};
  object["figures"] = point.tested() ? figures_of(point) : ordered_json();
  return object;
}

ordered_json object_of(const ConditionDifference& difference) {
  return {{"key", difference.key},
          {"before", difference.before},
          {"after", difference.after},
          {"between_launches", difference.before_folder.empty()
                                   ? ordered_json()
                                   : ordered_json({difference.before_folder, difference.after_folder})},
          {"allowed", difference.allowed},
          {"points", difference.points}};
}

}  // namespace

std::string comparison_json(const Comparison& comparison) {
  ordered_json counts = ordered_json::object();
  for (int verdict = 0; verdict <= static_cast<int>(Verdict::same); ++verdict)
    counts[std::string(name_of(static_cast<Verdict>(verdict)))] = comparison.count(static_cast<Verdict>(verdict));
  ordered_json differences = ordered_json::array();
  for (const ConditionDifference& difference : comparison.differences) differences.push_back(object_of(difference));
  ordered_json points = ordered_json::array();
  for (const PointComparison& point : comparison.points) points.push_back(object_of(point));
  const CompareRules& rules = comparison.rules;
  const ordered_json all = {{"schema", 1},
                            {"verdict", comparison.verdict()},
                            {"exit_code", comparison.exit_code()},
                            {"sentence", comparison.sentence()},
                            {"base", {{"folder", comparison.base.string()}, {"launches", comparison.base_launches}}},
                            {"new", {{"folder", comparison.now.string()}, {"launches", comparison.new_launches}}},
                            {"rules",
                             {{"metric", name_of(rules.metric)},
                              {"threshold", rules.threshold},
                              {"confidence", rules.confidence},
                              {"false_discovery_rate", rules.false_discovery_rate}}},
                            {"tested", comparison.tested},
                            {"alpha", comparison.alpha},
                            {"counts", counts},
                            {"differences", differences},
                            {"notes", comparison.notes},
                            {"points", points}};
  return all.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace weft
