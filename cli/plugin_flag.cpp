#include "cli/plugin_flag.hpp"

#include <nlohmann/json.hpp>

#include "core/error.hpp"

namespace weft::cli {

void add_plugin_flag(CLI::App& command, std::vector<LoadedPlugin>& plugins) {
  const auto load = [&plugins](const std::vector<std::string>& paths) {
    try {
      for (const std::string& path : paths) {
        if (path.empty()) throw UsageError("is empty: the name of a file is needed");
        plugins.push_back(load_plugin(path));
      }
    } catch (const UsageError& error) {
      throw UsageError(std::string("--plugin ") + error.what());
    }
  };
  command
      .add_option_function<std::vector<std::string>>(
          "--plugin", load,
          "Shared library with transports, algorithms and patterns of its own (docs/plugins.md); may be given several "
          "times")
      ->type_name("FILE")
      ->allow_extra_args(false)
      ->configurable(false);  // a file of flags is read when the command line's flags have been
}

nlohmann::json to_json(const std::vector<LoadedPlugin>& plugins) {
  nlohmann::json json = nlohmann::json::array();
  for (const LoadedPlugin& plugin : plugins)
    json.push_back({{"path", plugin.path},
                    {"version", plugin.version},
                    {"transports", plugin.transports},
                    {"algorithms", plugin.algorithms},
                    {"patterns", plugin.patterns}});
  return json;
}

}  // namespace weft::cli
