#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace weft::cli {

/// Flags that would do nothing must not be given: those of some patterns (Pattern::flags), none of which is among
/// these, and those for which none of these has a use (Pattern::useless_flags). Throws UsageError naming the flag, and
/// whose it is or where the figure comes from.
void refuse_flags_without_meaning(const CLI::App& command, const std::vector<std::string>& patterns);

}  // namespace weft::cli
