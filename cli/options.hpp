#pragma once

#include <CLI/CLI.hpp>

#include "cli/run_options.hpp"

namespace weft::cli {

/// Adds the flags of `weft run` to the subcommand. Values arrive in `options` when the command line is parsed; a value
/// that cannot be used throws UsageError then.
void add_run_flags(CLI::App& run, RunOptions& options);

/// Of them those that say what the patterns send.
void add_traffic_flags(CLI::App& command, Request& request);

/// Of them those that say how it is measured.
void add_measuring_flags(CLI::App& run, RunOptions& options);

}  // namespace weft::cli
