#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <vector>

#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/models.hpp"
#include "collectives/registry.hpp"
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

void list_models() {
  fmt::print("Models ({}; or the path of any Hugging Face config.json)\n", models_directory());
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& file : std::filesystem::directory_iterator(models_directory(), ignored))
    if (file.path().extension() == ".json") names.push_back(file.path().stem().string());
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) fmt::print("  {}\n", name);
}

int list() {
  list_registry("Patterns", patterns::registry());
  list_registry("Pipeline schedules", schedules::registry());
  list_registry("Transports", transports::registry());
  list_registry("Worlds (how ranks are started; chosen by weft)", worlds::registry());
  list_algorithms();
  list_models();
  return static_cast<int>(ExitCode::ok);
}

}  // namespace

void add_list(CLI::App& app, Chosen& chosen) {
  CLI::App* const command =
      app.add_subcommand("list", "What this build has: patterns, schedules, transports, algorithms, models");
  command->callback([&chosen] { chosen = list; });
}

}  // namespace weft::cli
