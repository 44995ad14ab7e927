#pragma once

#include "core/registry.hpp"
#include "patterns/schedules/schedule.hpp"

namespace weft {

/// Asks for every schedule that serves the pipeline; it is in no registry.
inline constexpr const char* kAllSchedules = "all";

namespace schedules {
const Registry<Schedule>& registry();
}

}  // namespace weft
