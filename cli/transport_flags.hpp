#pragma once

#include <CLI/CLI.hpp>

#include "cli/run_options.hpp"

namespace weft::cli {

/// Flags of transports that none of those chosen takes (Transport::flags) must not be given: they would do nothing. Of
/// --fabric training_step takes the peak, whatever the transport. Throws UsageError naming the flag.
void refuse_flags_of_other_transports(const CLI::App& command, const RunOptions& options);

}  // namespace weft::cli
