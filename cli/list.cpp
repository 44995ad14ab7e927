#include <cstdio>
#include <string>

#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/models.hpp"
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

template <typename Entry>
void list_registry(const char* title, const Registry<Entry>& registry) {
  fmt::print("{}\n", title);
  for (const Entry& entry : registry.entries()) line(entry.name, entry.summary);
  for (const AbsentEntry& entry : registry.absent())
    line(entry.name, fmt::format("(not in this build: install {} and build again)", entry.package));
  fmt::print("\n");
}

void list_algorithms() {
  fmt::print("Algorithms, the recommended one first ('native' is the transport's own)\n");
  for (const Collective collective : all_collectives()) {
    fmt::print("  {}\n", name_of(collective));
    for (const Algorithm* algorithm : collectives::algorithms_of(collective))
      fmt::print("    {:<18} {}\n", algorithm->name, algorithm->summary);
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

int list() {
  list_registry("Patterns", patterns::registry());
  list_registry("Dispatchers of tokens to experts", dispatchers::registry());
  list_registry("Pipeline schedules", schedules::registry());
  list_registry("Transports", transports::registry());
  list_registry("Worlds (how ranks are started; chosen by weft)", worlds::registry());
  list_algorithms();
  list_models();
  return static_cast<int>(ExitCode::ok);
}

}  // namespace

void add_list(CLI::App& app, Chosen& chosen) {
  CLI::App* const command = app.add_subcommand(
      "list",
      "What this build has: patterns, dispatchers, schedules, transports, algorithms, models, layouts, fabrics");
  command->callback([&chosen] { chosen = list; });
}

}  // namespace weft::cli
