#include <algorithm>
#include <array>

#include "analysis/reports.hpp"
#include <fmt/format.h>

#include "core/text.hpp"

namespace weft {

namespace {

using Cells = std::array<std::string, 8>;

constexpr Cells::size_type kPointColumn = 1;
constexpr Cells::size_type kFirstFigure = 2;  // figures stand to the right

Cells cells_of(const PointComparison& point) {
  return {std::string(name_of(point.verdict)),
          title_of(point),
          time_text(point.base_time),
          time_text(point.new_time),
          ratio_text(point),
          p_text(point),
          mde_text(point),
          point.tested() ? fmt::format("{}+{}", point.base.size(), point.now.size()) : ""};
}

std::string line_of(const Cells& cells, const std::array<std::size_t, 8>& widths) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string gap = i == 0 ? "" : "  ";
    line += i < kFirstFigure ? fmt::format("{}{:<{}}", gap, cells[i], widths[i])
                             : fmt::format("{}{:>{}}", gap, cells[i], widths[i]);
  }
  return line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
}

}  // namespace

std::string comparison_table(const Comparison& comparison) {
  std::vector<Cells> rows = {{"verdict", "point", "base us", "new us", "new/base", "p", "MDE", "launches"}};
  for (const PointComparison& point : comparison.points) rows.push_back(cells_of(point));
  std::array<std::size_t, 8> widths{};
  for (const Cells& cells : rows)
    for (std::size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], cells[i].size());

  std::string text =
      fmt::format("# {} ({} launches) → {} ({} launches), {} of each, threshold {:.3g} %, {} points tested\n",
                  comparison.base.string(), comparison.base_launches, comparison.now.string(), comparison.new_launches,
                  name_of(comparison.rules.metric), comparison.rules.threshold * 100, comparison.tested);
  text += line_of(rows.front(), widths);
  for (std::size_t i = 0; i < comparison.points.size(); ++i) {
    text += line_of(rows[i + 1], widths);
    const PointComparison& point = comparison.points[i];
    // Where all points share a reason, the lines below say it once.
    if (!point.reason.empty() && point.verdict != Verdict::incomparable)
      text += fmt::format("{:{}}  {}\n", "", widths[kPointColumn - 1], point.reason);
  }
  for (const ConditionDifference& difference : comparison.differences)
    text += fmt::format("# differs{}: {}: {}\n", difference.allowed ? ", as --despite allows" : "", difference.text(),
                        counted(difference.points, "point"));
  for (const std::string& note : comparison.notes) text += fmt::format("# {}\n", note);
  return text + comparison.sentence() + "\n";
}

}  // namespace weft
