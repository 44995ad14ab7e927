#pragma once

#include <optional>
#include <vector>

#include "patterns/step_estimate.hpp"

namespace weft {

/// Whether a fabric is fit for a training run. not_known: some of its calls have no cost, and the others do not settle
/// it.
enum class Fitness : std::uint8_t { fits, marginal, does_not_fit, not_known };

const char* name_of(Fitness fitness);

/// Shares of the step that exposed communication may take. DeepSeek-V3's published profile, of a run that its authors
/// call hidden, has 3.2 %.
struct FitLimits {
  double fits = 0.05;      ///< up to here it fits
  double marginal = 0.15;  ///< beyond this it does not
};

/// Of one row of the estimate, by its own share of the step.
struct RowFitness {
  Fitness fitness = Fitness::not_known;
  /// Times the bandwidth that it was measured with, this row would just fit if nothing else changed; none where not
  /// even an infinite one would do: latency alone is too much.
  std::optional<double> needed;
};

struct FitReport {
  StepEstimate estimate;
  std::vector<RowFitness> rows;          ///< of the estimate's rows
  Fitness overall = Fitness::not_known;  ///< by the share of all of them together
  std::optional<double> needed;          ///< likewise, of all rows' bandwidth at once
  std::optional<std::size_t> binding;    ///< the row with the largest share, of equal ones the largest `needed`
};

/// The verdict on a step. The problem has compute.
FitReport judge(const StepProblem& problem, const FitLimits& limits);

}  // namespace weft
