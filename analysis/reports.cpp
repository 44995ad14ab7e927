#include "analysis/reports.hpp"

#include <array>
#include <cmath>

#include <fmt/format.h>

#include "core/units.hpp"
#include "results/format.hpp"

namespace weft {

std::span<const Report> reports() {
  static const std::array<Report, 3> all = {{
      {"json", "All of it as JSON", comparison_json},
      {"markdown", "A comment for a pull request", comparison_markdown},
      {"junit", "Test results for a CI server, as JUnit's XML", comparison_junit},
  }};
  return all;
}

std::string title_of(const PointComparison& point) {
  const Record& record = point.point;
  return fmt::format("{} {} {} over {}, {} ranks, {}{}{}{}", operation_title(record),
                     format_bytes(record.bytes_per_rank), record.algorithm, record.transport, record.ranks,
                     record.dtype, record.op.empty() ? "" : " ", record.op, record.in_place ? ", in place" : "");
}

std::string ratio_text(const PointComparison& point) {
  if (!point.tested()) return {};
  const std::string high =
      std::isfinite(point.ratio.interval.high) ? fmt::format("{:.3f}", point.ratio.interval.high) : "inf";
  return fmt::format("{:.3f} [{:.3f}, {}]", point.ratio.ratio, point.ratio.interval.low, high);
}

std::string p_text(const PointComparison& point) {
  if (!point.tested()) return {};
  return point.p_value < 0.0001 ? fmt::format("{:.0e}", point.p_value) : fmt::format("{:.4f}", point.p_value);
}

std::string mde_text(const PointComparison& point) {
  if (!point.tested()) return {};
  return std::isfinite(point.minimum_detectable_effect) ? fmt::format("{:.1f} %", point.minimum_detectable_effect * 100)
                                                        : "n/a";
}

std::string time_text(double microseconds) { return microseconds > 0 ? fixed(microseconds) : std::string(); }

}  // namespace weft
