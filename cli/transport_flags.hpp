#pragma once

#include <CLI/CLI.hpp>

#include "cli/run_options.hpp"

namespace weft::cli {

/// Adds the flags of `weft run` that only some transports take (Transport::flags).
void add_transport_flags(CLI::App& run, RunOptions& options);

/// Those of them that none of the chosen transports takes must not be given: they would do nothing. Of --fabric a
/// pattern may take the peak (Pattern::takes_peak), whatever the transport: where it is given, and --peak is not.
/// Throws UsageError naming the flag.
void refuse_flags_of_other_transports(const CLI::App& command, const RunOptions& options);

}  // namespace weft::cli
