#pragma once

#include <string>
#include <vector>

#include "results/samples.hpp"

namespace weft {

/// The columns of samples.csv.
const std::vector<std::string>& sample_columns();

/// The lines of samples.csv for one point, one per iteration.
std::string sample_lines(int point, const Samples& samples);

}  // namespace weft
