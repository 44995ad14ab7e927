#pragma once

#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json_fwd.hpp>

#include "plugins/load.hpp"

namespace weft::cli {

/// Adds --plugin, which may be given several times. Before the command's other flags, which may name the entries: CLI11
/// reads flags in the order in which they were added. `plugins` lives as long as the command.
void add_plugin_flag(CLI::App& command, std::vector<LoadedPlugin>& plugins);

/// For run.json.
nlohmann::json to_json(const std::vector<LoadedPlugin>& plugins);

}  // namespace weft::cli
