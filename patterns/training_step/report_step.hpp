#pragma once

#include <span>

#include "collectives/account.hpp"
#include "patterns/step_report.hpp"
#include "patterns/training_step/step_plan.hpp"

namespace weft {

/// What one accounted execution says about a step that takes `step_ns` (the median of those that were timed).
StepReport report_step(const StepPlan& plan, std::span<const RankAccount> accounts, double step_ns);

/// The step on a fabric that takes no time: the schedule's passes, each as long as its slowest rank computes.
Nanoseconds infinite_fabric_ns(const StepPlan& plan);

}  // namespace weft
