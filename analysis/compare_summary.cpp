#include <algorithm>

#include "analysis/compare.hpp"
#include "analysis/reports.hpp"
#include <fmt/format.h>

#include "core/text.hpp"

namespace weft {

namespace {

std::string are(std::size_t count) { return count == 1 ? "is" : "are"; }

const PointComparison& worst(const Comparison& comparison, Verdict verdict) {
  return *std::find_if(comparison.points.begin(), comparison.points.end(),
                       [&](const PointComparison& point) { return point.verdict == verdict; });
}

std::string regression_sentence(const Comparison& comparison) {
  std::vector<std::string> parts;
  if (const std::size_t slower = comparison.count(Verdict::regressed); slower > 0) {
    const PointComparison& first = worst(comparison, Verdict::regressed);
    parts.push_back(fmt::format("{} of {} {} slower by {:.3g} % or more, most of all {} by {:.1f} %",
                                counted(slower, "point"), comparison.points.size(), are(slower),
                                comparison.rules.threshold * 100, title_of(first), (first.ratio.ratio - 1) * 100));
  }
  if (const std::size_t gone = comparison.count(Verdict::missing); gone > 0) {
    const PointComparison& first = worst(comparison, Verdict::missing);
    parts.push_back(fmt::format("{} {} missing in {}, first of all {} ({})", counted(gone, "point"), are(gone),
                                comparison.now.string(), title_of(first), first.reason));
  }
  return join(parts, "; ");
}

std::string incomparable_sentence(const Comparison& comparison) {
  std::vector<std::string> texts;
  std::vector<std::string> flags;
  for (const ConditionDifference& difference : comparison.differences) {
    if (difference.allowed) continue;
    if (texts.size() < 3) texts.push_back(difference.text());
    const std::string flag = "--despite " + difference.key;
    if (std::find(flags.begin(), flags.end(), flag) == flags.end()) flags.push_back(flag);
  }
  return fmt::format(
      "{} of {} measured under other conditions: {}; measure both alike, or compare nevertheless with {}",
      counted(comparison.count(Verdict::incomparable), "point"), comparison.points.size(), join(texts, ", "),
      join(flags, " "));
}

std::string inconclusive_sentence(const Comparison& comparison) {
  std::size_t needed = 0;
  for (const PointComparison& point : comparison.points) needed = std::max(needed, point.launches_needed);
  const std::string what =
      fmt::format("whether {} of {} {} slower by {:.3g} % cannot be said",
                  counted(comparison.count(Verdict::inconclusive), "point"), comparison.points.size(),
                  are(comparison.count(Verdict::inconclusive)), comparison.rules.threshold * 100);
  if (needed > std::max(comparison.base_launches, comparison.new_launches))
    return fmt::format("{} with {} and {} launches; {} of each, interleaved, would be enough", what,
                       comparison.base_launches, comparison.new_launches, needed);
  const PointComparison& first = worst(comparison, Verdict::inconclusive);
  // A point without figures says itself what it lacks.
  return fmt::format("{}, first of all {} ({}){}", what, title_of(first), first.reason,
                     first.tested() ? "; more launches or a quieter machine would help" : "");
}

}  // namespace

std::size_t Comparison::count(Verdict verdict) const {
  return static_cast<std::size_t>(std::count_if(
      points.begin(), points.end(), [&](const PointComparison& point) { return point.verdict == verdict; }));
}

int Comparison::exit_code() const {
  if (count(Verdict::wrong_data) > 0) return 4;
  if (count(Verdict::regressed) + count(Verdict::missing) > 0) return 1;
  if (count(Verdict::incomparable) > 0) return 2;
  if (count(Verdict::inconclusive) > 0) return 3;
  return 0;
}

std::string Comparison::verdict() const {
  switch (exit_code()) {
    case 4:
      return "wrong data";
    case 1:
      return "regression";
    case 2:
      return "incomparable";
    case 3:
      return "inconclusive";
    default:
      return "no regression";
  }
}

std::string Comparison::sentence() const {
  switch (exit_code()) {
    case 4: {
      const std::size_t wrong = count(Verdict::wrong_data);
      const PointComparison& first = worst(*this, Verdict::wrong_data);
      return fmt::format("wrong data: {} of {} carried wrong data in {}, first of all {} ({})", counted(wrong, "point"),
                         points.size(), now.string(), title_of(first), first.reason);
    }
    case 1:
      return "regression: " + regression_sentence(*this);
    case 2:
      return "incomparable: " + incomparable_sentence(*this);
    case 3:
      return "inconclusive: " + inconclusive_sentence(*this);
    default:
      break;
  }
  if (tested == 0) return "no regression: no point is in both sets with a figure";
  return fmt::format("no regression: none of {} is slower by {:.3g} % or more, and it would have been seen",
                     counted(tested, "point"), rules.threshold * 100);
}

}  // namespace weft
