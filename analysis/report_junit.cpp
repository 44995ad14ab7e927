#include "analysis/reports.hpp"
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft {

namespace {

/// Text of an XML attribute: valid UTF-8, without the characters that XML has no way to write.
std::string xml(const std::string& text) {
  using nlohmann::json;
  const std::string valid = json::parse(json(text).dump(-1, ' ', false, json::error_handler_t::replace));
  std::string safe;
  for (const char letter : valid) {
    switch (letter) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      default:
        safe += static_cast<unsigned char>(letter) < ' ' ? ' ' : letter;
    }
  }
  return safe;
}

bool fails(Verdict verdict) {
  return verdict == Verdict::regressed || verdict == Verdict::missing || verdict == Verdict::wrong_data;
}

bool is_skipped(Verdict verdict) {
  return verdict == Verdict::inconclusive || verdict == Verdict::incomparable || verdict == Verdict::added;
}

std::string message_of(const PointComparison& point) {
  std::string message(name_of(point.verdict));
  if (!point.reason.empty()) message += ": " + point.reason;
  if (point.tested())
    message += fmt::format(" (base {} us, new {} us, new/base {}, p {}, MDE {})", time_text(point.base_time),
                           time_text(point.new_time), ratio_text(point), p_text(point), mde_text(point));
  return message;
}

std::string test_case(const PointComparison& point) {
  const std::string head =
      fmt::format("    <testcase classname=\"weft.{}.{}\" name=\"{}\" time=\"{:.9f}\"", xml(point.point.operation),
                  xml(point.point.transport), xml(title_of(point)), point.new_time / 1e6);
  const std::string message = xml(message_of(point));
  if (fails(point.verdict))
    return fmt::format("{}>\n      <failure type=\"{}\" message=\"{}\"/>\n    </testcase>\n", head,
                       name_of(point.verdict), message);
  if (is_skipped(point.verdict))
    return fmt::format("{}>\n      <skipped message=\"{}\"/>\n    </testcase>\n", head, message);
  return fmt::format("{}>\n      <system-out>{}</system-out>\n    </testcase>\n", head, message);
}

}  // namespace

std::string comparison_junit(const Comparison& comparison) {
  std::size_t failures = 0;
  std::size_t skipped = 0;
  std::string cases;
  for (const PointComparison& point : comparison.points) {
    failures += fails(point.verdict) ? 1 : 0;
    skipped += is_skipped(point.verdict) ? 1 : 0;
    cases += test_case(point);
  }
  std::string properties = fmt::format("      <property name=\"verdict\" value=\"{}\"/>\n", xml(comparison.sentence()));
  for (const ConditionDifference& difference : comparison.differences)
    properties += fmt::format("      <property name=\"differs{}\" value=\"{}\"/>\n",
                              difference.allowed ? ", as allowed" : "", xml(difference.text()));
  for (const std::string& note : comparison.notes)
    properties += fmt::format("      <property name=\"note\" value=\"{}\"/>\n", xml(note));
  const std::string counts = fmt::format("tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\"",
                                         comparison.points.size(), failures, skipped);
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"weft compare\" {}>\n"
      "  <testsuite name=\"{} to {}\" {}>\n    <properties>\n{}    </properties>\n{}  </testsuite>\n</testsuites>\n",
      counts, xml(comparison.base.string()), xml(comparison.now.string()), counts, properties, cases);
}

}  // namespace weft
