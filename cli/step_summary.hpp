#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "patterns/step_report.hpp"
#include "results/run_folder.hpp"

namespace weft::cli {

/// As training_step.json has it (docs/training.md).
nlohmann::json json_of(const StepReport& report);

/// A block of text for each training step of the run that training_step.json tells of; empty where there is none.
/// Throws UsageError where the file cannot be read.
std::string step_summaries(const Run& run);

}  // namespace weft::cli
