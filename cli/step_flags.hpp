#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace weft::cli {

/// Flags that would do nothing must not be given: those of one pattern that is not among these, and, where
/// training_step is the only one, those of others that it takes from its layout. Throws UsageError naming the flag, and
/// whose it is or where the figure comes from.
void refuse_flags_without_meaning(const CLI::App& command, const std::vector<std::string>& patterns);

}  // namespace weft::cli
