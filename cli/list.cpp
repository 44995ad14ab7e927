#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/models.hpp"
#include "cli/plugin_flag.hpp"
#include "collectives/registry.hpp"
#include "patterns/dispatchers/registry.hpp"
#include "patterns/json_file.hpp"
#include "patterns/registry.hpp"
#include "patterns/schedules/registry.hpp"
#include "transports/registry.hpp"
#include "worlds/registry.hpp"

namespace weft::cli {

namespace {

void line(const std::string& name, const std::string& summary) { fmt::print("  {:<20} {}\n", name, summary); }

using Plugins = std::vector<LoadedPlugin>;
using Keys = std::vector<std::string> LoadedPlugin::*;

/// " [libexample.so 1.0]" behind what a plugin has brought.
std::string origin(const Plugins& plugins, Keys keys, const std::string& key) {
  for (const LoadedPlugin& plugin : plugins)
    if (std::count((plugin.*keys).begin(), (plugin.*keys).end(), key) > 0)
      return fmt::format(" [{} {}]", std::filesystem::path(plugin.path).filename().string(), plugin.version);
  return {};
}

template <typename Entry>
void list_registry(const char* title, const Registry<Entry>& registry, const Plugins& plugins = {}, Keys keys = {}) {
  fmt::print("{}\n", title);
  for (const Entry& entry : registry.entries()) line(entry.name, entry.summary + origin(plugins, keys, entry.key()));
  for (const AbsentEntry& entry : registry.absent())
    line(entry.name, fmt::format("(not in this build: install {} and build again)", entry.package));
  fmt::print("\n");
}

void list_algorithms(const Plugins& plugins) {
  fmt::print("Algorithms, the recommended one first ('native' is the transport's own)\n");
  for (const Collective collective : all_collectives()) {
    fmt::print("  {}\n", name_of(collective));
    for (const Algorithm* algorithm : collectives::algorithms_of(collective))
      fmt::print("    {:<18} {}{}\n", algorithm->name, algorithm->summary,
                 origin(plugins, &LoadedPlugin::algorithms, algorithm->key()));
  }
  fmt::print("\n");
}

void list_files(const std::string& title, const std::string& directory) {
  fmt::print("{}\n", title);
  for (const std::string& name : json_names_in(directory)) fmt::print("  {}\n", name);
}

void list_models() {
  list_files(fmt::format("Models ({}; or the path of any Hugging Face config.json)", models_directory()),
             models_directory());
  fmt::print("\n");
  list_files(fmt::format("Layouts of training runs, for weft layout ({}; or the path of a file as docs/layouts.md "
                         "describes it)",
                         layouts_directory()),
             layouts_directory());
  fmt::print("\n");
  list_files(fmt::format("Fabrics, for --fabric of transport model ({}; or the path of a file as docs/fabrics.md "
                         "describes it)",
                         fabrics_directory()),
             fabrics_directory());
}

int list(const Plugins& plugins) {
  list_registry("Patterns", patterns::registry(), plugins, &LoadedPlugin::patterns);
  list_registry("Dispatchers of tokens to experts", dispatchers::registry());
  list_registry("Pipeline schedules", schedules::registry());
  list_registry("Transports", transports::registry(), plugins, &LoadedPlugin::transports);
  list_registry("Worlds (how ranks are started; chosen by weft)", worlds::registry());
  list_algorithms(plugins);
  list_models();
  return static_cast<int>(ExitCode::ok);
}

}  // namespace

void add_list(CLI::App& app, Chosen& chosen) {
  CLI::App* const command = app.add_subcommand(
      "list",
      "What this build has: patterns, dispatchers, schedules, transports, algorithms, models, layouts, fabrics");
  auto plugins = std::make_shared<Plugins>();
  add_plugin_flag(*command, *plugins);
  command->callback([plugins, &chosen] { chosen = [plugins] { return list(*plugins); }; });
}

}  // namespace weft::cli
