#pragma once

#include <nlohmann/json_fwd.hpp>

#include "patterns/request.hpp"
#include "results/record.hpp"

namespace weft::cli {

/// What pipeline.json says of a measured pipeline point: its schedule in time, every message taking the one duration
/// with which the schedule lasts as long as the measured median ("message_us"; 0 where the measurement is not longer
/// than the schedule itself).
nlohmann::json pipeline_timeline(const Request& request, const Record& record);

}  // namespace weft::cli
