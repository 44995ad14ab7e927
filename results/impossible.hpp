#pragma once

#include <string>
#include <string_view>

#include "results/record.hpp"

namespace weft {

/// "'nan' is no value for the column ranks".
std::string cannot_be(std::string_view column, std::string_view value);

/// Why no measurement gives such a row, in words that name the column and its value; empty where one may. Fields that
/// are empty, as most of an imported row, are no fault.
std::string impossible(const Record& record);

}  // namespace weft
