#include "cli/config_file.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/csv.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "core/units.hpp"

namespace weft::cli {

namespace {

constexpr Bytes kLargestFile = 64 << 10;  // there are fewer flags than lines in it

/// NAME = VALUE, on one line; an array may have come from several.
struct Statement {
  std::size_t line = 0;
  std::string text;
};

std::string trimmed(std::string text) { return CLI::detail::trim(text); }

// What CLI11 would take for an array that goes on in the next line.
bool is_open_array(const std::string& text) {
  const std::size_t equals = text.find('=');
  return equals != std::string::npos && trimmed(text.substr(equals + 1)).starts_with('[') && !text.ends_with(']');
}

// CLI11's reader knows no line numbers, so it gets statement after statement.
std::vector<Statement> statements_of(const std::string& text) {
  std::vector<Statement> statements;
  std::istringstream input(text);
  std::string line;
  for (std::size_t number = 1; std::getline(input, line); ++number) {
    line = trimmed(line.substr(0, line.find('#')));
    if (line.empty()) continue;
    if (!statements.empty() && is_open_array(statements.back().text))
      statements.back().text += line;
    else
      statements.push_back({number, line});
  }
  return statements;
}

bool is_quote(char c) { return c == '"' || c == '\''; }

CLI::ConfigItem read(const std::string& statement) {
  std::istringstream input(statement);
  const std::vector<CLI::ConfigItem> items = CLI::ConfigTOML().from_config(input);
  if (items.size() != 1 || statement.find('=') == std::string::npos || is_open_array(statement))
    throw UsageError(fmt::format("'{}' is not NAME = VALUE, such as max-bytes = \"1M\"", statement));
  for (const std::string& value : items.front().inputs)
    if (!value.empty() && (is_quote(value.front()) || is_quote(value.back())))
      throw UsageError(fmt::format("'{}' is not a string in one pair of quotes", statement));
  return items.front();
}

std::vector<std::string> setting_names(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options())
    if (option->get_configurable()) names.push_back(option->get_single_name());
  return names;
}

CLI::Option& find_option(CLI::App& command, const CLI::ConfigItem& item) {
  CLI::Option* option = command.get_option_no_throw("--" + item.name);
  if (option == nullptr) option = command.get_option_no_throw(item.name);
  if (!item.parents.empty() || option == nullptr || !option->get_configurable())
    throw UsageError(unknown_name("setting", item.fullname(), setting_names(command)));
  return *option;
}

void apply(CLI::Option& option, const CLI::ConfigItem& item) {
  if (option.get_expected_min() == 0) {
    const std::string value = fmt::format("{}", fmt::join(item.inputs, ","));
    if (value != "true" && value != "false")
      throw UsageError(fmt::format("{} is '{}': true or false is needed", item.name, value));
    option.add_result(option.get_flag_value(item.name, value));
  } else if (option.get_items_expected_max() > 1) {
    option.add_result(item.inputs);
  } else {
    option.add_result(fmt::format("{}", fmt::join(item.inputs, ",")));
  }
  option.run_callback();
}

std::string read_config(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_character_file(path, ignored))  // some have no end
    throw UsageError(fmt::format("{}: is a device: a text file is needed", path));
  if (std::filesystem::is_regular_file(path, ignored) && std::filesystem::file_size(path, ignored) > kLargestFile)
    throw UsageError(
        fmt::format("{}: is larger than {}: a file of lines NAME = VALUE is needed", path, format_bytes(kLargestFile)));
  std::string text = read_text(path);
  const auto is_control = [](char c) {
    return static_cast<unsigned char>(c) < ' ' && c != '\t' && c != '\r' && c != '\n';
  };
  if (std::any_of(text.begin(), text.end(), is_control))
    throw UsageError(fmt::format("{}: is no text: a file of lines NAME = VALUE is needed", path));
  return text;
}

void apply_statements(CLI::App& command, const std::string& path) {
  std::map<const CLI::Option*, std::size_t> lines;  // where each was set
  for (const Statement& statement : statements_of(read_config(path))) {
    try {
      const CLI::ConfigItem item = read(statement.text);
      CLI::Option& option = find_option(command, item);
      const auto [first, is_new] = lines.insert({&option, statement.line});
      if (!is_new) throw UsageError(fmt::format("'{}' is set already in line {}", item.name, first->second));
      if (option.empty()) apply(option, item);  // the command line has the last word
    } catch (const CLI::Error& error) {
      throw UsageError(fmt::format("{}, line {}: {}", path, statement.line, error.what()));
    } catch (const UsageError& error) {
      throw UsageError(fmt::format("{}, line {}: {}", path, statement.line, error.what()));
    }
  }
}

}  // namespace

void apply_config_file(CLI::App& command, const std::string& path) {
  try {
    apply_statements(command, path);
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("--config {}", error.what()));
  }
}

}  // namespace weft::cli
