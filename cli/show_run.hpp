#pragma once

#include <string>

#include "results/run_folder.hpp"

namespace weft::cli {

/// The run's rows in one of the formats.
std::string show_run(const Run& run, const std::string& format);

}  // namespace weft::cli
