#include "analysis/side_by_side.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "analysis/conditions.hpp"
#include "analysis/curves.hpp"
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/text.hpp"
#include "core/units.hpp"
#include "results/difference.hpp"

namespace weft {

namespace {

bool stands_alone(const SideRow& row) {
  return std::count_if(row.cells.begin(), row.cells.end(), [](const auto& cell) { return cell.has_value(); }) < 2;
}

/// The point without what a column stands for.
std::string key_beside(const Record& record) {
  Record point = record;
  point.transport.clear();
  return point.key();
}

SideCell cell_of(const std::vector<const Record*>& rows) {
  std::vector<double> times;
  for (const Record* row : rows) times.push_back(row->time_us());
  const Record& any = *rows.front();
  const CurvePoint point =
      over_launches(any.bytes_per_rank, std::move(times), {any.time_us_median_low, any.time_us_median_high});
  return {.time_us = point.time_us, .interval = point.has_interval ? std::optional(point.interval_us) : std::nullopt};
}

/// The transports of a set in the order of their points.
std::vector<std::string> transports_in(const ResultSet& set) {
  std::vector<std::string> names;
  for (const Launch& launch : set.launches)
    for (const Record& record : launch.run.records)
      if (std::find(names.begin(), names.end(), record.transport) == names.end()) names.push_back(record.transport);
  return names;
}

/// What the path is made of, without its root.
std::vector<std::string> steps_of(const std::filesystem::path& folder) {
  std::vector<std::string> steps;
  for (const auto& step : std::filesystem::absolute(folder).lexically_normal().relative_path())
    if (!step.empty()) steps.push_back(step.string());
  return steps;
}

/// The last `parts` parts of each path, as many as tell them apart.
std::vector<std::string> short_names(const std::vector<ResultSet>& sets) {
  std::vector<std::string> names;
  for (std::size_t parts = 1; parts <= 8; ++parts) {
    names.clear();
    for (const ResultSet& set : sets) {
      const std::vector<std::string> steps = steps_of(set.folder);
      const std::size_t taken = std::min(parts, steps.size());
      names.push_back(join(std::span(steps).last(taken), "/"));
    }
    if (std::set<std::string>(names.begin(), names.end()).size() == names.size()) break;
  }
  return names;
}

/// All columns, with the set that each is of.
struct Columns {
  std::vector<SideColumn> columns;
  std::vector<const ResultSet*> sets;
};

Columns columns_of(const std::vector<ResultSet>& sets) {
  Columns all;
  const std::vector<std::string> names = short_names(sets);
  for (std::size_t i = 0; i < sets.size(); ++i) {
    const std::vector<std::string> transports = transports_in(sets[i]);
    for (const std::string& transport : transports) {
      const std::string beside = sets.size() == 1 ? transport : fmt::format("{} {}", names[i], transport);
      all.columns.push_back({.name = transports.size() == 1 ? names[i] : beside,
                             .folder = sets[i].folder.string(),
                             .transport = transport,
                             .launches = sets[i].launches.size()});
      all.sets.push_back(&sets[i]);
    }
  }
  return all;
}

/// The rows of the column by point.
std::map<std::string, std::vector<const Record*>> records_in(const SideColumn& column, const ResultSet& set) {
  std::map<std::string, std::vector<const Record*>> records;
  for (const Launch& launch : set.launches)
    for (const Record& record : launch.run.records)
      if (record.transport == column.transport && record.has_time()) records[key_beside(record)].push_back(&record);
  return records;
}

SideMark mark_beside(const SideCell& cell, const SideCell& fastest) {
  if (!cell.interval || !fastest.interval) return SideMark::unknown;
  return cell.apart_from(fastest) ? SideMark::none : SideMark::tied;
}

/// By the marks of the others.
SideMark mark_of_fastest(const SideRow& row) {
  const auto any = [&](SideMark mark) {
    return std::find(row.marks.begin(), row.marks.end(), mark) != row.marks.end();
  };
  if (any(SideMark::tied)) return SideMark::tied;
  if (any(SideMark::unknown)) return SideMark::unknown;
  return stands_alone(row) ? SideMark::none : SideMark::best;
}

void find_fastest(SideRow& row) {
  const auto slower = [](const std::optional<SideCell>& a, const std::optional<SideCell>& b) {
    return a && (!b || a->time_us < b->time_us);
  };
  row.fastest =
      static_cast<std::size_t>(std::min_element(row.cells.begin(), row.cells.end(), slower) - row.cells.begin());
  row.marks.assign(row.cells.size(), SideMark::none);
  for (std::size_t column = 0; column < row.cells.size(); ++column)
    if (column != row.fastest && row.cells[column])
      row.marks[column] = mark_beside(*row.cells[column], *row.cells[row.fastest]);
  row.marks[row.fastest] = mark_of_fastest(row);
}

/// All points that a column has, also those that stand alone.
std::vector<SideRow> rows_of(const Columns& all) {
  std::vector<SideRow> rows;
  std::map<std::string, std::size_t> known;
  for (std::size_t column = 0; column < all.columns.size(); ++column)
    for (const auto& [key, records] : records_in(all.columns[column], *all.sets[column])) {
      const auto [place, is_new] = known.emplace(key, rows.size());
      if (is_new) {
        rows.push_back({.point = *records.front(), .cells = {}, .fastest = 0, .marks = {}});
        rows.back().cells.resize(all.columns.size());
      }
      rows[place->second].cells[column] = cell_of(records);
    }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const SideRow& a, const SideRow& b) { return a.point.point < b.point.point; });
  for (SideRow& row : rows) find_fastest(row);
  return rows;
}

/// "ranks (4, 8), dtype (f32, bf16)": the values of the members of a point that are not the same in all columns.
std::string what_tells_apart(const std::vector<SideRow>& rows, std::size_t columns) {
  using Member = std::string (*)(const Record&);
  const std::pair<const char*, Member> members[] = {
      {"pattern", [](const Record& r) { return r.pattern; }},
      {"operation", [](const Record& r) { return r.operation; }},
      {"algorithm", [](const Record& r) { return r.algorithm; }},
      {"ranks", [](const Record& r) { return std::to_string(r.ranks); }},
      {"dtype", [](const Record& r) { return r.dtype; }},
      {"size", [](const Record& r) { return format_bytes(r.bytes_per_rank); }}};
  std::vector<std::string> texts;
  for (const auto& [name, value] : members) {
    std::vector<std::set<std::string>> values(columns);
    for (const SideRow& row : rows)
      for (std::size_t column = 0; column < columns; ++column)
        if (row.cells[column]) values[column].insert(value(row.point));
    if (std::all_of(values.begin(), values.end(), [&](const auto& some) { return some == values.front(); })) continue;
    std::vector<std::string> each;
    for (const auto& some : values) each.push_back(some.empty() ? "none" : enumerate({some.begin(), some.end()}, 3));
    texts.push_back(fmt::format("{}: {}", name, join(each, " | ")));
  }
  return texts.empty() ? "each has another combination of what a point is" : join(texts, "; ");
}

nlohmann::json conditions_in(const Run& run) {
  nlohmann::json conditions = conditions_of(run.info);
  conditions.update(notable(run.info), true);
  return conditions;
}

std::vector<SideDifference> differences_between(const Columns& all, const std::vector<SideRow>& rows) {
  std::vector<nlohmann::json> conditions;
  for (const ResultSet* set : all.sets) conditions.push_back(conditions_in(set->launches.front().run));
  std::map<std::string, SideDifference> found;
  for (std::size_t column = 1; column < conditions.size(); ++column)
    for (const Difference& difference : weft::differences(conditions.front(), conditions[column])) {
      const bool matters = std::any_of(rows.begin(), rows.end(), [&](const SideRow& row) {
        Record here = row.point;
        here.transport = all.columns[column].transport;
        return concerns(difference.key, row.point) || concerns(difference.key, here);
      });
      if (!matters) continue;
      SideDifference& one = found[difference.key];
      one.key = difference.key;
      if (one.values.empty()) one.values.assign(conditions.size(), difference.before);
      one.values[column] = difference.after;
    }
  std::vector<SideDifference> differences;
  for (auto& [key, difference] : found) differences.push_back(std::move(difference));
  return differences;
}

/// Launches of one set that were not measured alike.
std::vector<std::string> notes_on(const std::vector<ResultSet>& sets) {
  std::vector<std::string> notes;
  for (const ResultSet& set : sets) {
    notes.insert(notes.end(), set.notes.begin(), set.notes.end());
    if (!set.lost.empty()) notes.push_back(fmt::format("without a result: {}", named(set.lost)));
    std::set<std::string> keys;
    for (const Launch& launch : set.launches)
      for (const Difference& difference :
           weft::differences(conditions_of(set.launches.front().run.info), conditions_of(launch.run.info)))
        keys.insert(difference.key);
    if (!keys.empty())
      notes.push_back(
          fmt::format("launches of {} differ in {}", set.folder.string(), enumerate({keys.begin(), keys.end()}, 4)));
  }
  return notes;
}

/// "3 refused, 1 failed": why these rows have no time.
std::string why_untimed(const std::vector<const Record*>& rows) {
  std::map<std::string, std::size_t> counts;
  for (const Record* row : rows) ++counts[row->status == "ok" ? "without a time above 0" : row->status];
  std::vector<std::string> texts;
  for (const auto& [why, count] : counts) texts.push_back(fmt::format("{} {}", count, why));
  return join(texts, ", ");
}

/// A sentence for each set, or transport of one, that has no time at all.
std::vector<std::string> untimed_in(const std::vector<ResultSet>& sets) {
  std::vector<std::string> sentences;
  for (const ResultSet& set : sets) {
    const std::vector<std::string> transports = transports_in(set);
    if (transports.empty()) sentences.push_back(fmt::format("{}: holds no point", set.folder.string()));
    for (const std::string& transport : transports) {
      std::vector<const Record*> rows;
      for (const Launch& launch : set.launches)
        for (const Record& record : launch.run.records)
          if (record.transport == transport) rows.push_back(&record);
      if (std::none_of(rows.begin(), rows.end(), [](const Record* row) { return row->has_time(); }))
        sentences.push_back(
            fmt::format("{}: has no time over {} ({})", set.folder.string(), transport, why_untimed(rows)));
    }
  }
  return sentences;
}

/// A folder of launches rather than a run.
bool is_campaign_alone(const std::vector<ResultSet>& sets) {
  return sets.size() == 1 && sets.front().launches.front().run.folder != sets.front().folder;
}

/// Why there is nothing to show of the sets: no two columns share a point, or there is none.
[[noreturn]] void refuse_sides(const std::vector<ResultSet>& sets, const Columns& all,
                               const std::vector<SideRow>& rows) {
  std::vector<std::string> reasons = untimed_in(sets);
  if (sets.size() == 1 && all.columns.size() < 2)
    throw UsageError(reasons.empty() ? fmt::format("{}: there is one transport: give another run too, or one over "
                                                   "several transports",
                                                   sets.front().folder.string())
                                     : join(reasons, "; "));
  std::set<std::size_t> timed;
  for (const SideRow& row : rows) timed.insert(row.fastest);  // alone in its row
  if (timed.size() > 1) reasons.push_back(what_tells_apart(rows, all.columns.size()));
  throw UsageError(fmt::format("no two of these have a point in common ({})", join(reasons, "; ")));
}

/// The points of curves, each at all its sizes, ascending.
std::vector<std::vector<const SideRow*>> series_in(const std::vector<SideRow>& rows) {
  std::vector<std::vector<const SideRow*>> all;
  std::map<std::string, std::size_t> known;
  for (const SideRow& row : rows) {
    if (!is_on_curve(row.point)) continue;
    Record series = row.point;
    series.bytes_per_rank = series.bytes_per_peer = 0;
    const auto [place, is_new] = known.emplace(key_beside(series), all.size());
    if (is_new) all.emplace_back();
    all[place->second].push_back(&row);
  }
  for (auto& series : all)
    std::stable_sort(series.begin(), series.end(), [](const SideRow* a, const SideRow* b) {
      return a->point.bytes_per_rank < b->point.bytes_per_rank;
    });
  return all;
}

}  // namespace

bool SideCell::apart_from(const SideCell& other) const {
  return interval && other.interval && (interval->high < other.interval->low || other.interval->high < interval->low);
}

std::optional<double> ratio_of(const SideRow& row, std::size_t column, SideReference reference) {
  const std::optional<SideCell>& base = row.cells[reference == SideReference::first ? 0 : row.fastest];
  if (!base || !row.cells[column]) return std::nullopt;
  return row.cells[column]->time_us / base->time_us;
}

SideBySide side_by_side(const std::vector<ResultSet>& sets) {
  for (const ResultSet& set : sets) require_launch(set);
  const Columns all = columns_of(sets);
  std::vector<SideRow> rows = rows_of(all);
  SideBySide sides{.columns = all.columns, .rows = {}, .crossovers = {}, .differences = {}, .notes = notes_on(sets)};
  for (std::string& sentence : untimed_in(sets)) sides.notes.push_back(std::move(sentence));
  const bool whole = is_campaign_alone(sets);
  const auto beside =
      std::stable_partition(rows.begin(), rows.end(), [&](const SideRow& row) { return whole || !stands_alone(row); });
  const auto alone = static_cast<std::size_t>(rows.end() - beside);
  if (beside == rows.begin()) refuse_sides(sets, all, rows);
  if (alone > 0)
    sides.notes.push_back(fmt::format("{} of {} points are in one column only, and left out", alone, rows.size()));
  rows.erase(beside, rows.end());
  sides.rows = std::move(rows);
  for (const auto& series : series_in(sides.rows))
    for (Crossover& crossover : crossovers_of(series, sides.columns.size()))
      sides.crossovers.push_back(std::move(crossover));
  sides.differences = differences_between(all, sides.rows);
  return sides;
}

bool has_sides(const ResultSet& set) {
  const std::vector<SideRow> rows = rows_of(columns_of({set}));
  return !std::all_of(rows.begin(), rows.end(), stands_alone);
}

}  // namespace weft
