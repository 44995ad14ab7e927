#include "cli/congest_report.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "analysis/impact.hpp"
#include <fmt/format.h>

#include "core/units.hpp"
#include "results/details.hpp"
#include "results/format.hpp"
#include "results/or_null.hpp"

namespace weft::cli {

namespace {

nlohmann::json json_of_impact(const Impact& impact) {
  const Interval interval = impact.interval.value_or(Interval{});
  return {{"impact_median", or_null(impact.median)},
          {"impact_median_low", or_null(if_known(interval.low))},
          {"impact_median_high", or_null(if_known(interval.high))},
          {"impact_p99", or_null(impact.p99)}};
}

/// The rows and columns of one transport's table.
struct ImpactTable {
  std::vector<std::string> victims;
  std::vector<std::string> aggressions;
  std::map<std::pair<std::string, std::string>, const Impact*> impacts;

  void add(const Impact& impact) {
    const Record& record = *impact.beside;
    const std::string victim =
        fmt::format("{} {} {}", record.operation, short_bytes(record.bytes_per_rank), type_title(record));
    for (auto& [names, name] : {std::pair(&victims, victim), std::pair(&aggressions, record.algorithm)})
      if (std::find(names->begin(), names->end(), name) == names->end()) names->push_back(name);
    impacts[{victim, record.algorithm}] = &impact;
  }
};

std::string impact_text(const std::optional<double>& value) { return value ? fmt::format("{:.2f}", *value) : "n/a"; }

std::string text_of_impacts(const ImpactTable& table) {
  std::size_t width = 0;
  for (const std::string& victim : table.victims) width = std::max(width, victim.size());
  std::string text = fmt::format("  {:<{}}", "", width);
  for (const std::string& aggression : table.aggressions) text += fmt::format("  {:>17}", aggression);
  for (const std::string& victim : table.victims) {
    text += fmt::format("\n  {:<{}}", victim, width);
    for (const std::string& aggression : table.aggressions) {
      const auto found = table.impacts.find({victim, aggression});
      text += found == table.impacts.end() ? fmt::format("  {:>17}", "-")
                                           : fmt::format("  {:>7}, p99 {:>5}", impact_text(found->second->median),
                                                         impact_text(found->second->p99));
    }
  }
  text += "\n";
  for (const auto& [names, impact] : table.impacts)
    if (!impact->why_none.empty())
      text += fmt::format("  {} beside {}: {}\n", names.first, names.second, impact->why_none);
  return text;
}

}  // namespace

nlohmann::json congest_json(const Point& point, const Record& record, const Load& load,
                            const std::vector<std::string>& hosts) {
  return {{"victim", record.operation},
          {"aggressor", record.algorithm},
          {"transport", record.transport},
          {"dtype", record.dtype},
          {"bytes", record.bytes_per_rank},
          {"victims", point.beside->victims},
          {"aggressors", point.beside->aggressors},
          {"hosts", hosts},
          {"rounds", load.rounds},
          {"lead_us", static_cast<double>(load.lead) / 1e3},
          {"samples", record.iterations},
          {"time_us_median", record.time_us_median},
          {"time_us_p99", or_null(if_known(record.time_us_p99))}};
}

nlohmann::json with_impacts(const Run& run) {
  std::map<int, nlohmann::json> impacts;
  for (const Impact& impact : impacts_of(run.records)) impacts[impact.beside->point] = json_of_impact(impact);
  nlohmann::json with;
  with_details(run.folder / "congest.json", [&](nlohmann::json& points) {
    for (nlohmann::json& point : points)
      if (const auto found = impacts.find(point.at("point").get<int>()); found != impacts.end())
        point.update(found->second);
    with = std::move(points);
  });
  return with;
}

std::string impact_summaries(const Run& run) {
  const std::vector<Impact> impacts = impacts_of(run.records);
  std::vector<std::pair<std::string, ImpactTable>> tables;
  for (const Impact& impact : impacts) {
    const std::string title = fmt::format(
        "impact over {} on {} ranks{}: time beside the aggressors / time alone, at the median and at p99",
        impact.beside->transport, impact.beside->ranks, impact.beside->oversubscribed ? ", more ranks than cores" : "");
    auto known = std::find_if(tables.begin(), tables.end(), [&](const auto& table) { return table.first == title; });
    if (known == tables.end()) known = tables.insert(tables.end(), {title, {}});
    known->second.add(impact);
  }
  std::string text;
  for (const auto& [title, table] : tables) text += fmt::format("\n{}\n{}", title, text_of_impacts(table));
  return text;
}

}  // namespace weft::cli
