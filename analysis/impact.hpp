#pragma once

#include <optional>
#include <string>
#include <vector>

#include "statistics/quantile.hpp"

#include "results/record.hpp"

namespace weft {

/// What an aggression does to a victim: time beside it over time alone (GPCNeT's congestion impact factor).
struct Impact {
  const Record* alone = nullptr;  ///< null where the victim was not measured alone
  const Record* beside = nullptr;
  std::optional<double> median;  ///< none where one of the two has no figure, or not one started by round-time
  std::optional<Interval>
      interval;               ///< of it: low end over high end of the medians' intervals, and the other way round
  std::optional<double> p99;  ///< none where either has too few samples, or some of those beside outlasted the load
  std::string why_none;       ///< where there is no median
};

/// One for each row of the pattern `congest` beside an aggression, in the order of the rows, which outlive it.
std::vector<Impact> impacts_of(const std::vector<Record>& records);

}  // namespace weft
