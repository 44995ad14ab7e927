#include <algorithm>
#include <cmath>

#include "analysis/side_by_side.hpp"
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/csv.hpp"
#include "core/text.hpp"
#include "core/units.hpp"
#include "results/format.hpp"
#include "results/or_null.hpp"

namespace weft {

namespace {

using SideTexts = std::vector<std::string>;

/// A mark in the table, and in csv and JSON.
struct MarkTexts {
  const char* sign;
  const char* word;
};

MarkTexts texts_of(SideMark mark) {
  switch (mark) {
    case SideMark::best:
      return {"*", "best"};
    case SideMark::tied:
      return {"=", "tie"};
    case SideMark::unknown:
      return {"?", "unknown"};
    case SideMark::none:
      break;
  }
  return {" ", ""};
}

std::string cell_text(const SideRow& row, std::size_t column, SideReference reference) {
  if (!row.cells[column]) return "-";
  if (row.cells.size() == 1) return fixed(row.cells[column]->time_us, 9);
  const std::optional<double> ratio = ratio_of(row, column, reference);
  return fmt::format("{} x{} {}", fixed(row.cells[column]->time_us, 9), ratio ? fmt::format("{:.3f}", *ratio) : "n/a",
                     texts_of(row.marks[column]).sign);
}

const char* in_place_text(const Record& point) { return point.in_place ? " in place" : ""; }

/// What tells a row from its neighbours, and the titles of these columns.
SideTexts point_cells(const Record& point) {
  return {operation_title(point), short_bytes(point.bytes_per_rank), type_title(point), point.algorithm,
          fmt::format("{}{}", point.ranks, in_place_text(point))};
}
SideTexts point_titles() { return {"operation", "B/rank", "type", "algorithm", "ranks"}; }

std::vector<SideTexts> grid_of(const SideBySide& sides, SideReference reference) {
  std::vector<SideTexts> grid = {point_titles()};
  for (const SideColumn& column : sides.columns) grid.front().push_back(column.name);
  for (const SideRow& row : sides.rows) {
    grid.push_back(point_cells(row.point));
    for (std::size_t column = 0; column < sides.columns.size(); ++column)
      grid.back().push_back(cell_text(row, column, reference));
  }
  return grid;
}

std::string lines_of_grid(const std::vector<SideTexts>& grid) {
  std::vector<std::size_t> widths(grid.front().size());
  for (const SideTexts& cells : grid)
    for (std::size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], cells[i].size());
  std::string text;
  for (const SideTexts& cells : grid) {
    for (std::size_t i = 0; i < cells.size(); ++i)
      text += i == 0 ? fmt::format(" {:<{}}", cells[i], widths[i]) : fmt::format("  {:>{}}", cells[i], widths[i]);
    text += "\n";
  }
  return text;
}

std::string title_of_sides(const SideBySide& sides, SideReference reference) {
  if (sides.columns.size() == 1) return "time us (median over the launches)";
  return fmt::format("time us (median), and how many times that of {}",
                     reference == SideReference::first ? "the first column" : "the fastest");
}

/// Of a column alone there are no marks to explain.
std::string legend_of(const SideBySide& sides) {
  if (sides.columns.size() == 1) return {};
  return "* best: its interval meets no other; = tie with the fastest; ? not known: too few samples for an interval";
}

std::string crossover_text(const SideBySide& sides, const Crossover& crossover) {
  const Record& point = crossover.point;
  return fmt::format("{} {} {}, {} ranks{}: {} is overtaken by {} at about {} (interpolated between {} and {})",
                     operation_title(point), point.algorithm, type_title(point), point.ranks, in_place_text(point),
                     sides.columns[crossover.below].name, sides.columns[crossover.above].name,
                     short_bytes(static_cast<Bytes>(std::llround(crossover.bytes))), format_bytes(crossover.from),
                     format_bytes(crossover.to));
}

std::string column_text(const SideColumn& column) {
  return fmt::format("{}: {} over {}, {} {}", column.name, column.folder, column.transport, column.launches,
                     column.launches == 1 ? "launch" : "launches");
}

std::string difference_text(const SideDifference& difference) {
  return fmt::format("{}: {}", difference.key, join(difference.values, " | "));
}

/// All that is said beside the grid, as a heading and its lines.
std::vector<std::pair<std::string, std::vector<std::string>>> remarks_of(const SideBySide& sides) {
  std::vector<std::string> columns;
  for (const SideColumn& column : sides.columns) columns.push_back(column_text(column));
  std::vector<std::string> crossings;
  for (const Crossover& crossover : sides.crossovers) crossings.push_back(crossover_text(sides, crossover));
  std::vector<std::string> differing;
  for (const SideDifference& difference : sides.differences) differing.push_back(difference_text(difference));
  return {{"columns", columns}, {"crossovers", crossings}, {"what differs", differing}, {"notes", sides.notes}};
}

/// What would break a cell of a Markdown table.
std::string escaped(std::string text) {
  for (std::size_t at = 0; (at = text.find_first_of("|*_`<", at)) != std::string::npos; at += 2) text.insert(at, "\\");
  return text;
}

}  // namespace

std::string side_table(const SideBySide& sides, SideReference reference) {
  std::string text =
      fmt::format("\n{}\n{}", title_of_sides(sides, reference), lines_of_grid(grid_of(sides, reference)));
  if (const std::string legend = legend_of(sides); !legend.empty()) text += fmt::format(" {}\n", legend);
  for (const auto& [heading, lines] : remarks_of(sides)) {
    if (lines.empty()) continue;
    text += fmt::format("\n{}\n", heading);
    for (const std::string& line : lines) text += fmt::format("  {}\n", line);
  }
  return text;
}

std::string side_markdown(const SideBySide& sides, SideReference reference) {
  const std::vector<SideTexts> grid = grid_of(sides, reference);
  std::string text = fmt::format("### {}\n\n", title_of_sides(sides, reference));
  for (std::size_t line = 0; line < grid.size(); ++line) {
    text += "|";
    for (const std::string& cell : grid[line]) text += fmt::format(" {} |", escaped(cell));
    text += "\n";
    if (line > 0) continue;
    text += "|---|";
    for (std::size_t i = 1; i < grid[line].size(); ++i) text += "---:|";
    text += "\n";
  }
  if (const std::string legend = legend_of(sides); !legend.empty()) text += fmt::format("\n{}\n", escaped(legend));
  for (const auto& [heading, lines] : remarks_of(sides)) {
    if (lines.empty()) continue;
    text += fmt::format("\n**{}**\n\n", heading);
    for (const std::string& line : lines) text += fmt::format("- {}\n", escaped(line));
  }
  return text;
}

std::string side_csv(const SideBySide& sides, SideReference reference) {
  SideTexts header = {"pattern", "operation", "algorithm",      "ranks",         "dtype",
                      "op",      "in_place",  "bytes_per_rank", "bytes_per_peer"};
  for (const SideColumn& column : sides.columns)
    for (const char* figure : {"time_us", "time_us_low", "time_us_high", "ratio", "mark"})
      header.push_back(fmt::format("{} {}", column.name, figure));
  std::string text = csv_line(header);
  for (const SideRow& row : sides.rows) {
    const Record& point = row.point;
    SideTexts fields = {point.pattern,
                        point.operation,
                        point.algorithm,
                        std::to_string(point.ranks),
                        point.dtype,
                        point.op,
                        point.in_place ? "true" : "false",
                        std::to_string(point.bytes_per_rank),
                        std::to_string(point.bytes_per_peer)};
    for (std::size_t column = 0; column < sides.columns.size(); ++column) {
      const std::optional<SideCell>& cell = row.cells[column];
      const std::optional<double> ratio = ratio_of(row, column, reference);
      fields.push_back(cell ? fmt::format("{:.10g}", cell->time_us) : "");
      fields.push_back(cell && cell->interval ? fmt::format("{:.10g}", cell->interval->low) : "");
      fields.push_back(cell && cell->interval ? fmt::format("{:.10g}", cell->interval->high) : "");
      fields.push_back(ratio ? fmt::format("{:.10g}", *ratio) : "");
      fields.push_back(texts_of(row.marks[column]).word);
    }
    text += csv_line(fields);
  }
  return text;
}

namespace {

nlohmann::json cell_json(const SideRow& row, std::size_t column, SideReference reference) {
  const std::optional<SideCell>& cell = row.cells[column];
  if (!cell) return nullptr;
  const std::optional<double> ratio = ratio_of(row, column, reference);
  nlohmann::json found = {{"time_us", cell->time_us}, {"mark", texts_of(row.marks[column]).word}};
  found["ratio"] = or_null(ratio);
  found["time_us_low"] = cell->interval ? nlohmann::json(cell->interval->low) : nlohmann::json();
  found["time_us_high"] = cell->interval ? nlohmann::json(cell->interval->high) : nlohmann::json();
  return found;
}

nlohmann::json point_json(const Record& point) {
  return {{"pattern", point.pattern},  {"operation", point.operation}, {"algorithm", point.algorithm},
          {"ranks", point.ranks},      {"dtype", point.dtype},         {"op", point.op},
          {"in_place", point.in_place}};
}

}  // namespace

std::string side_json(const SideBySide& sides, SideReference reference) {
  nlohmann::json json = {{"schema", 1},
                         {"reference", reference == SideReference::first ? "first" : "best"},
                         {"columns", nlohmann::json::array()},
                         {"points", nlohmann::json::array()},
                         {"crossovers", nlohmann::json::array()},
                         {"differences", nlohmann::json::array()},
                         {"notes", sides.notes}};
  for (const SideColumn& column : sides.columns)
    json["columns"].push_back({{"name", column.name},
                               {"folder", column.folder},
                               {"transport", column.transport},
                               {"launches", column.launches}});
  for (const SideRow& row : sides.rows) {
    nlohmann::json point = point_json(row.point);
    point["bytes_per_rank"] = row.point.bytes_per_rank;
    point["bytes_per_peer"] = row.point.bytes_per_peer;
    for (std::size_t column = 0; column < sides.columns.size(); ++column)
      point["cells"].push_back(cell_json(row, column, reference));
    json["points"].push_back(std::move(point));
  }
  for (const Crossover& crossover : sides.crossovers) {
    nlohmann::json one = point_json(crossover.point);
    one.update({{"faster_below", crossover.below},
                {"faster_above", crossover.above},
                {"bytes_per_rank", crossover.bytes},
                {"interpolated_between", {crossover.from, crossover.to}}});
    json["crossovers"].push_back(std::move(one));
  }
  for (const SideDifference& difference : sides.differences)
    json["differences"].push_back({{"key", difference.key}, {"values", difference.values}});
  return json.dump(2) + "\n";
}

const std::vector<SideFormat>& side_formats() {
  static const std::vector<SideFormat> all = {
      {"table", side_table}, {"markdown", side_markdown}, {"csv", side_csv}, {"json", side_json}};
  return all;
}

}  // namespace weft
