#include "analysis/tuning.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "core/call.hpp"
#include "core/error.hpp"

namespace weft {

namespace {

/// The curves of one place by the algorithm, and what they have in common beside it.
struct Contest {
  TuningPlace place;
  std::string kind;  ///< "f32 sum, in place"
  std::map<std::string, const PlacedCurve*> curves;
};

std::string kind_of(const Curve& curve) {
  return fmt::format("{}{}{}{}", curve.dtype, curve.op.empty() ? "" : " ", curve.op,
                     curve.in_place ? ", in place" : "");
}

/// Whether its ways are algorithms of a collective: the schedules of a step and the like are not.
bool is_of_a_collective(const Curve& curve) {
  const auto known = all_collectives();
  return curve.pattern == curve.operation && std::any_of(known.begin(), known.end(), [&](Collective collective) {
           return name_of(collective) == curve.operation;
         });
}

void enter(const PlacedCurve& placed, std::vector<Contest>& contests) {
  const Curve& curve = placed.curve;
  const TuningPlace place{curve.operation, curve.transport, curve.ranks, placed.hosts};
  auto contest = std::find_if(contests.begin(), contests.end(), [&](const Contest& c) { return c.place == place; });
  if (contest == contests.end()) contest = contests.insert(contests.end(), {place, kind_of(curve), {}});
  if (contest->kind != kind_of(curve))
    throw UsageError(
        fmt::format("{} over {} was measured with {} and with {}: one selection cannot be right for both, "
                    "give runs of one of them",
                    place.operation, place.transport, contest->kind, kind_of(curve)));
  if (!contest->curves.emplace(curve.algorithm, &placed).second)
    throw UsageError(fmt::format("{} was measured in two of the runs: give one of them, or a campaign that holds both",
                                 curve.title()));
}

const CurvePoint* at_size(const Curve& curve, Bytes bytes) {
  const auto point = std::find_if(curve.points.begin(), curve.points.end(),
                                  [&](const CurvePoint& each) { return each.bytes == bytes; });
  return point == curve.points.end() ? nullptr : &*point;
}

bool meet(const CurvePoint& one, const CurvePoint& other) {
  return one.interval_us.low <= other.interval_us.high && other.interval_us.low <= one.interval_us.high;
}

/// All algorithms that were measured at the size.
std::map<std::string, const CurvePoint*> points_at(const Contest& contest, Bytes bytes) {
  std::map<std::string, const CurvePoint*> points;
  for (const auto& [algorithm, placed] : contest.curves)
    if (const CurvePoint* point = at_size(placed->curve, bytes)) points.emplace(algorithm, point);
  return points;
}

std::optional<OwnChoice> own_choice(const Contest& contest, const std::map<std::string, const CurvePoint*>& points,
                                    Bytes bytes) {
  std::string own = kNative;
  if (!points.contains(own))
    for (const auto& [algorithm, placed] : contest.curves)
      if (const auto known = placed->weft_own.find(bytes); known != placed->weft_own.end()) own = known->second;
  const auto measured = points.find(own);
  if (measured == points.end()) return std::nullopt;
  return OwnChoice{own, measured->second->time_us};
}

TunedSize decide(const Contest& contest, Bytes bytes, const std::string& before) {
  const auto points = points_at(contest, bytes);
  const auto fastest = std::min_element(
      points.begin(), points.end(), [](const auto& a, const auto& b) { return a.second->time_us < b.second->time_us; });
  auto taken = fastest;
  const auto native = points.find(kNative);
  for (const auto kept : {points.find(before), native})
    if (kept != points.end() && meet(*kept->second, *fastest->second)) taken = kept;
  const bool sure = std::none_of(points.begin(), points.end(), [&](const auto& other) {
    return other.first != taken->first && meet(*other.second, *taken->second);
  });
  return {.bytes = bytes,
          .algorithm = taken->first,
          .time_us = taken->second->time_us,
          .sure = sure,
          .own = own_choice(contest, points, bytes)};
}

Tuning tuning_of(const Contest& contest) {
  std::vector<Bytes> sizes;
  for (const auto& [algorithm, placed] : contest.curves)
    for (const CurvePoint& point : placed->curve.points) sizes.push_back(point.bytes);
  std::sort(sizes.begin(), sizes.end());
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  Tuning tuning{.place = contest.place, .sizes = {}};
  for (const Bytes bytes : sizes)
    tuning.sizes.push_back(decide(contest, bytes, tuning.sizes.empty() ? "" : tuning.sizes.back().algorithm));
  return tuning;
}

}  // namespace

std::vector<Tuning> tune(const std::vector<PlacedCurve>& measured) {
  std::vector<Contest> contests;
  for (const PlacedCurve& one : measured)
    if (is_of_a_collective(one.curve)) enter(one, contests);
  std::vector<Tuning> tunings;
  for (const Contest& contest : contests)
    if (contest.curves.size() > 1) tunings.push_back(tuning_of(contest));
  return tunings;
}

Selection selection_of(const Tuning& tuning) {
  Selection selection{.place = tuning.place, .rules = {}};
  for (const TunedSize& size : tuning.sizes)
    if (selection.rules.empty() || selection.rules.back().algorithm != size.algorithm)
      selection.rules.push_back({size.bytes, size.algorithm});
  return selection;
}

std::string selected_algorithm(const std::vector<Selection>& selections, const TuningPlace& place, Bytes bytes) {
  const auto selection =
      std::find_if(selections.begin(), selections.end(), [&](const Selection& one) { return one.place == place; });
  if (selection == selections.end()) return {};
  std::string algorithm = selection->rules.front().algorithm;
  for (const SelectionRule& rule : selection->rules)
    if (rule.from <= bytes) algorithm = rule.algorithm;
  return algorithm;
}

}  // namespace weft
