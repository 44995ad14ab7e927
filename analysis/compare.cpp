#include "analysis/compare.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "analysis/comparability.hpp"
#include "analysis/conditions.hpp"
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/text.hpp"
#include "results/difference.hpp"

namespace weft {

namespace {

/// The rows of one point: an element per launch, null where the launch does not have it.
struct PointRows {
  std::vector<const Record*> base, now;
};

bool is_good(const Record* record) { return record != nullptr && record->is_good(); }
bool is_wrong(const Record* record) { return record != nullptr && record->status == "wrong"; }

/// By Record::key().
std::map<std::string, PointRows> match(const ResultSet& base, const ResultSet& now) {
  std::map<std::string, PointRows> points;
  const auto add = [&](const ResultSet& set, std::vector<const Record*> PointRows::*side) {
    for (std::size_t i = 0; i < set.launches.size(); ++i)
      for (const Record& record : set.launches[i].run.records) {
        PointRows& rows = points[record.key()];
        rows.base.resize(base.launches.size());
        rows.now.resize(now.launches.size());
        (rows.*side)[i] = &record;
      }
  };
  add(base, &PointRows::base);
  add(now, &PointRows::now);
  return points;
}

const Record& any_of(const PointRows& rows) {
  for (const auto* side : {&rows.base, &rows.now})
    for (const Record* record : *side)
      if (record != nullptr) return *record;
  throw std::logic_error("a point without a row");
}

std::size_t count_good(const std::vector<const Record*>& side) {
  return static_cast<std::size_t>(std::count_if(side.begin(), side.end(), is_good));
}

/// In how many of its launches a point has a figure, the lost ones counted.
Share good_of(const std::vector<const Record*>& rows, const ResultSet& set) {
  return {count_good(rows), rows.size() + set.lost.size()};
}

/// "failed in 2 of 10 launches: the reason; no result in 1 of 10 launches: new/003 (exit code 139)".
std::string what_ails(const std::vector<const Record*>& rows, const ResultSet& set) {
  const std::size_t all = rows.size() + set.lost.size();
  std::vector<std::string> ails;
  if (const auto first = std::find_if_not(rows.begin(), rows.end(), is_good); first != rows.end()) {
    const std::string how = *first == nullptr ? "absent" : (*first)->status;
    const std::string why = *first == nullptr || (*first)->reason.empty() ? "" : ": " + (*first)->reason;
    ails.push_back(fmt::format("{} in {} of {} launches{}", how, rows.size() - count_good(rows), all, why));
  }
  if (!set.lost.empty())
    ails.push_back(fmt::format("no result in {} of {} launches: {}", set.lost.size(), all, named(set.lost)));
  return join(ails, "; ");
}

/// Sets the verdict where it follows from what the rows say of themselves, and from launches that left none; false
/// where figures must decide.
bool judge_by_status(const ResultSet& base, const ResultSet& now, const PointRows& rows, const CompareRules& rules,
                     PointComparison& point) {
  const Share good_base = good_of(rows.base, base);
  const Share good_new = good_of(rows.now, now);
  const auto wrong = std::find_if(rows.now.begin(), rows.now.end(), is_wrong);
  if (wrong != rows.now.end()) {
    point.verdict = Verdict::wrong_data;
    point.reason = fmt::format("the payload check found {} wrong elements", (*wrong)->wrong);
  } else if (good_base.count > 0 && is_missing(good_base, good_new, rules.false_discovery_rate)) {
    point.verdict = Verdict::missing;
    point.reason = what_ails(rows.now, now);
    if (!good_base.whole() && good_new.count > 0) point.reason += ", more often than in BASE";
  } else if (good_base.count > 0 && lost_more(good_base, good_new)) {
    point.verdict = Verdict::inconclusive;
    point.reason = what_ails(rows.now, now) + ", which may be chance: BASE has lost some too";
  } else if (good_base.count == 0) {
    point.verdict = Verdict::added;
    point.reason =
        std::any_of(rows.base.begin(), rows.base.end(), [](const Record* record) { return record != nullptr; })
            ? "without a figure in BASE: " + what_ails(rows.base, base)
            : "";
  } else {
    return false;
  }
  return true;
}

/// Why a row has no such figure, and what would help.
std::string want_of(const Record& record, Metric metric) {
  if (std::isnan(record.time_us_median) && metric != Metric::mean_of_ranks)
    return "since an imported log has means only: give --metric mean_of_ranks";
  return "for want of samples: measure longer (--budget, or -n)";
}

/// Takes the metric of every good launch. False, with the reason, where one has none.
bool take_figures(const PointRows& rows, Metric metric, PointComparison& point) {
  std::size_t without = 0;
  std::string why;
  const auto take = [&](const std::vector<const Record*>& side, std::vector<double>& into) {
    for (const Record* record : side) {
      if (!is_good(record)) continue;
      const std::optional<double> value = value_of(*record, metric);
      if (value) into.push_back(*value);
      if (value) continue;
      ++without;
      why = want_of(*record, metric);
    }
  };
  take(rows.base, point.base);
  take(rows.now, point.now);
  if (without == 0) return true;
  point.reason = fmt::format("{} is n/a in {} of {} launches, {}", name_of(metric), without,
                             point.base.size() + point.now.size() + without, why);
  point.base.clear();
  point.now.clear();
  return false;
}

/// Where weft chose how the ranks start and how many calls make a sample, a busy machine may have made it choose
/// differently from launch to launch: then the figures differ for that reason too. False, with the reason.
bool measured_alike(const PointRows& rows, PointComparison& point) {
  std::set<std::string> starts;
  std::set<int> batches;
  for (const auto* side : {&rows.base, &rows.now})
    for (const Record* record : *side)
      if (is_good(record)) {
        starts.insert(record->sync);
        batches.insert(record->batch);
      }
  if (starts.size() > 1)
    point.reason = fmt::format("the ranks were started by {} in some launches and by {} in others: give --sync",
                               *starts.begin(), *starts.rbegin());
  else if (batches.size() > 1)
    point.reason = fmt::format("a sample is {} calls in some launches and {} in others: give --batch", *batches.begin(),
                               *batches.rbegin());
  else
    return true;
  point.base.clear();
  point.now.clear();
  return false;
}

/// The coarsest resolution of the launches' timers per call in us, by their run.json; 0 where none tells.
double timer_resolution_us(const ResultSet& base, const ResultSet& now, const Record& point) {
  double coarsest = 0;
  for (const ResultSet* set : {&base, &now})
    for (const Launch& launch : set->launches)
      coarsest = std::max(coarsest, timer_resolution_ns(launch.run.info, point.transport));
  return coarsest / 1000 / std::max(point.batch, 1);
}

/// Launches of NEW of which nobody knows how they ended may have been those that failed.
void doubt_all(const std::vector<std::string>& unexplained, std::vector<PointComparison>& points) {
  for (PointComparison& point : points)
    if (point.verdict == Verdict::same || point.verdict == Verdict::improved) {
      point.verdict = Verdict::inconclusive;
      point.reason = fmt::format("in NEW {}, and no campaign.json says how it ended: compare the whole campaign",
                                 unexplained.front());
    }
}

/// The worst first: by verdict, then by ratio, then in the order of the plan.
void sort_points(std::vector<PointComparison>& points) {
  std::stable_sort(points.begin(), points.end(), [](const PointComparison& a, const PointComparison& b) {
    return std::tuple(a.verdict, -a.ratio.ratio, a.point.point) < std::tuple(b.verdict, -b.ratio.ratio, b.point.point);
  });
}

}  // namespace

Comparison compare(const ResultSet& base, const ResultSet& now, const CompareRules& rules,
                   const std::vector<std::string>& despite) {
  Comparison comparison;
  require_launch(base);
  require_different_launches(base, now);
  comparison.base = base.folder;
  comparison.now = now.folder;
  comparison.base_launches = base.launches.size();
  comparison.new_launches = now.launches.size();
  comparison.rules = rules;
  Comparability comparability(base, now, despite);
  std::size_t bad_in_both = 0;
  bool anything = false;
  for (const auto& [key, rows] : match(base, now)) {
    PointComparison point;
    point.point = any_of(rows);
    anything = anything || count_good(rows.base) > 0;
    const bool wrong = std::any_of(rows.now.begin(), rows.now.end(), is_wrong);
    if (!wrong && count_good(rows.base) == 0 && count_good(rows.now) == 0) {
      ++bad_in_both;
      continue;
    }
    const std::string obstacle = comparability.obstacle(rows.base, rows.now);
    if (!wrong && !obstacle.empty()) {
      point.verdict = Verdict::incomparable;
      point.reason = obstacle;
    } else if (!judge_by_status(base, now, rows, rules, point) && take_figures(rows, rules.metric, point) &&
               measured_alike(rows, point)) {
      estimate(point, rules, timer_resolution_us(base, now, point.point));
    }
    comparison.points.push_back(std::move(point));
  }
  if (!anything) throw UsageError(fmt::format("{}: has no measured point to compare with", base.folder.string()));
  std::vector<PointComparison*> tested;
  for (PointComparison& point : comparison.points)
    if (point.tested()) tested.push_back(&point);
  comparison.tested = tested.size();
  comparison.alpha = judge_together(tested, rules);
  if (!now.unexplained.empty()) doubt_all(now.unexplained, comparison.points);
  sort_points(comparison.points);
  comparison.differences = comparability.differences();
  comparison.notes = comparability.notes();
  if (bad_in_both > 0)
    comparison.notes.push_back(
        fmt::format("{} without a figure in either set (refused or failed)", counted(bad_in_both, "point")));
  return comparison;
}

}  // namespace weft
