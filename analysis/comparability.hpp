#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "analysis/compare.hpp"
#include "analysis/result_set.hpp"
#include <nlohmann/json_fwd.hpp>

namespace weft {

/// Finds in which conditions the launches of two result sets differ, among themselves or between the sets, and which
/// points that concerns. Keeps references to the sets.
class Comparability {
 public:
  /// `despite`: as for compare().
  Comparability(const ResultSet& base, const ResultSet& now, std::vector<std::string> despite);

  /// Why the point cannot be compared: the differences that concern it and are not allowed; empty where there are none.
  /// The rows are those of the launches, null where a launch has none. Counts the point with its differences.
  std::string obstacle(const std::vector<const Record*>& base, const std::vector<const Record*>& now);

  /// Those that concern a point at least, of all the points asked for so far.
  std::vector<ConditionDifference> differences() const;

  /// What differs without harm, was left out, or was allowed for nothing.
  std::vector<std::string> notes() const;

 private:
  using Found = std::vector<ConditionDifference>;

  const Launch& launch(std::size_t index) const;
  /// Between the conditions of the launches, null where one has none.
  Found find_in(const std::vector<nlohmann::json>& conditions) const;

  const ResultSet& base_;
  const ResultSet& now_;
  std::vector<std::string> despite_;
  Found of_runs_;  // between the launches' run.json
  std::map<std::tuple<std::string, std::string, std::string>, ConditionDifference> seen_;  // by key, before, after
};

/// The resolution of the timer with which the transport was measured, by run.json's `clocks`, in ns; 0 where it is not
/// told.
double timer_resolution_ns(const nlohmann::json& run_info, const std::string& transport);

}  // namespace weft
