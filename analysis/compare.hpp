#pragma once

#include <string>
#include <vector>

#include "analysis/result_set.hpp"
#include "analysis/verdict.hpp"

namespace weft {

/// A condition that is not the same in all launches that are compared, and between which two of them it was seen first.
struct ConditionDifference {
  std::string key;                          ///< "host.cpu", "configuration.cache", "environment.OMPI_MCA_btl", …
  std::string before, after;                ///< the values
  std::string before_folder, after_folder;  ///< of the two launches, where both are of one result set; else empty
  bool allowed = false;                     ///< by --despite
  std::size_t points = 0;                   ///< how many points it concerns

  /// "host.cpu (A → B)".
  std::string text() const;
};

/// All that is said of two result sets.
struct Comparison {
  std::filesystem::path base, now;
  std::size_t base_launches = 0, new_launches = 0;
  CompareRules rules;
  double alpha = 0;                     ///< the level that the points' minimum detectable effects are for
  std::size_t tested = 0;               ///< points, the m of the correction
  std::vector<PointComparison> points;  ///< the worst first
  std::vector<ConditionDifference> differences;
  std::vector<std::string> notes;  ///< sentences

  std::size_t count(Verdict verdict) const;

  /// 4 wrong data, else 1 regressed or missing, else 2 incomparable, else 3 inconclusive, else 0.
  int exit_code() const;

  /// "no regression", "regression", "incomparable", "inconclusive", "wrong data".
  std::string verdict() const;

  /// The verdict in one sentence, with what would make it conclusive.
  std::string sentence() const;
};

/// Compares two result sets by the rules of docs/comparing.md. `despite`: keys, or the beginnings of keys up to a dot,
/// of conditions that may differ. Throws UsageError where the base has no measured point.
Comparison compare(const ResultSet& base, const ResultSet& now, const CompareRules& rules,
                   const std::vector<std::string>& despite);

}  // namespace weft
