#include "cli/config_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.hpp"
#include "core/text.hpp"

namespace weft::cli {

namespace {

std::vector<std::string> setting_names(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options())
    if (option->get_configurable()) names.push_back(option->get_single_name());
  return names;
}

void apply(CLI::App& command, const CLI::ConfigItem& item) {
  CLI::Option* option = command.get_option_no_throw("--" + item.name);
  if (option == nullptr) option = command.get_option_no_throw(item.name);
  if (!item.parents.empty() || option == nullptr || !option->get_configurable())
    throw UsageError(unknown_name("setting", item.fullname(), setting_names(command)));
  if (!option->empty()) return;  // the command line has the last word
  if (option->get_expected_min() == 0) {
    option->add_result(option->get_flag_value(item.name, fmt::format("{}", fmt::join(item.inputs, ""))));
  } else if (option->get_items_expected_max() > 1) {
    option->add_result(item.inputs);
  } else {
    option->add_result(fmt::format("{}", fmt::join(item.inputs, ",")));
  }
  option->run_callback();
}

}  // namespace

void apply_config_file(CLI::App& command, const std::string& path) {
  try {
    for (const CLI::ConfigItem& item : CLI::ConfigTOML().from_file(path))
      if (item.name != "++" && item.name != "--") apply(command, item);
  } catch (const CLI::Error& error) {
    throw UsageError(fmt::format("--config {}: {}", path, error.what()));
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("--config {}: {}", path, error.what()));
  }
}

}  // namespace weft::cli
