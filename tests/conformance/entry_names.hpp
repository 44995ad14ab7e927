#pragma once

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace weft {

/// What GoogleTest calls a test of a registry's entry.
template <typename Entry>
std::string name_of_entry(const testing::TestParamInfo<Entry>& entry) {
  std::string name = entry.param.name;
  std::replace(name.begin(), name.end(), '-', '_');  // GoogleTest takes letters, digits and underscores
  return name;
}

}  // namespace weft
