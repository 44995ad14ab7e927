#include "analysis/reports.hpp"
#include <fmt/format.h>

#include "core/text.hpp"

namespace weft {

namespace {

/// What would break a cell of a table, or be read as markup.
std::string plain(const std::string& text) {
  std::string safe;
  for (const char letter : text) {
    switch (letter) {
      case '\n':
      case '\r':
        safe += ' ';
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '&':
        safe += "&amp;";
        break;
      case '|':
      case '*':
      case '_':
      case '`':
      case '[':
      case ']':
      case '\\':
        safe += '\\';
        [[fallthrough]];
      default:
        safe += letter;
    }
  }
  return safe;
}

bool is_news(Verdict verdict) { return verdict != Verdict::inconclusive && verdict != Verdict::same; }

std::string table_of(const Comparison& comparison, bool news) {
  std::string rows;
  for (const PointComparison& point : comparison.points)
    if (is_news(point.verdict) == news)
      rows += fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} |\n", name_of(point.verdict), plain(title_of(point)),
                          time_text(point.base_time), time_text(point.new_time), plain(ratio_text(point)),
                          p_text(point), mde_text(point), plain(point.reason));
  if (rows.empty()) return {};
  return "| verdict | point | base us | new us | new/base | p | MDE | |\n|---|---|---:|---:|---:|---:|---:|---|\n" +
         rows + "\n";
}

}  // namespace

std::string comparison_markdown(const Comparison& comparison) {
  const CompareRules& rules = comparison.rules;
  std::string text = fmt::format("### weft: {}\n\n{}\n\n", comparison.verdict(), plain(comparison.sentence()));
  text += table_of(comparison, true);
  const std::string rest = table_of(comparison, false);
  if (!rest.empty())
    text +=
        fmt::format("<details><summary>{} the same, {} inconclusive</summary>\n\n{}</details>\n\n",
                    counted(comparison.count(Verdict::same), "point"), comparison.count(Verdict::inconclusive), rest);
  text += fmt::format(
      "<details><summary>How this was compared</summary>\n\n"
      "- base: {} ({} launches); new: {} ({} launches)\n"
      "- {} of each launch; threshold {:.3g} %; {} points tested, false discovery rate {:.3g} %\n",
      plain(comparison.base.string()), comparison.base_launches, plain(comparison.now.string()),
      comparison.new_launches, name_of(rules.metric), rules.threshold * 100, comparison.tested,
      rules.false_discovery_rate * 100);
  for (const ConditionDifference& difference : comparison.differences)
    text += fmt::format("- differs{}: {}: {}\n", difference.allowed ? ", as allowed" : "", plain(difference.text()),
                        counted(difference.points, "point"));
  for (const std::string& note : comparison.notes) text += fmt::format("- {}\n", plain(note));
  return text + "\n</details>\n";
}

}  // namespace weft
