#pragma once

#include <CLI/CLI.hpp>

namespace weft::cli {

/// Gives the command's flags that the command line left out the values of a TOML file: names as the long flags, without
/// dashes (max-bytes = "1M", transport = "shm,mpi", patterns = ["moe", "pipeline"]). Throws UsageError naming the file
/// and the setting.
void apply_config_file(CLI::App& command, const std::string& path);

}  // namespace weft::cli
