#pragma once

#include <CLI/CLI.hpp>

namespace weft::cli {

/// Gives the command's flags that the command line left out the values of a TOML file: names as the long flags, without
/// dashes (max-bytes = "1M", transport = "shm,mpi", patterns = ["moe", "pipeline"]). Of TOML it reads what CLI11 does:
/// strings in one pair of quotes, numbers, booleans, arrays of them and comments; no tables. Throws UsageError naming
/// the file and the line.
void apply_config_file(CLI::App& command, const std::string& path);

}  // namespace weft::cli
