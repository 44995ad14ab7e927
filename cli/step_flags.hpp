#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace weft::cli {

/// Where training_step is the only pattern, the flags of others that it takes from its layout must not be given: they
/// would do nothing. Throws UsageError naming the flag and where the figure comes from.
void refuse_flags_without_meaning(const CLI::App& command, const std::vector<std::string>& patterns);

}  // namespace weft::cli
