#pragma once

#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"
#include "core/units.hpp"

namespace weft::cli {

/// Adds a flag whose text is read by `parse`; what it throws reaches the user with the flag's name in front.
CLI::Option* add(CLI::App& command, const std::string& flags, const std::string& help, const std::string& group,
                 std::function<void(const std::string&)> parse);

/// The path of a file or folder, or a name; `what` is said to be needed where the text is empty.
CLI::Option* add_text(CLI::App& command, const std::string& flags, const std::string& help, const std::string& group,
                      std::string& target, const char* what);

/// These throw UsageError with a sentence that says what would be right.
template <typename Integer>
Integer parse_integer(const std::string& text, Integer least, Integer most) {
  const std::optional<Integer> value = whole_number<Integer>(text);
  if (!value || *value < least || *value > most)
    throw UsageError(fmt::format("'{}' is not a whole number from {} to {}", text, least, most));
  return *value;
}
double parse_share(const std::string& text);  ///< "2%", or "0.02": from 0.01 % to 100 %
double parse_real(const std::string& text, double least, double most);
Nanoseconds parse_seconds(const std::string& text, double least, double most);
std::vector<std::string> parse_list(const std::string& text);  ///< "a,b": no part is empty or comes twice
void require_known(std::string_view kind, const std::string& name, const std::vector<std::string>& known);

template <typename Integer>
CLI::Option* add_integer(CLI::App& command, const std::string& flags, const std::string& help, const std::string& group,
                         Integer& target, Integer least, Integer most) {
  return add(command, flags, help, group,
             [&target, least, most](const std::string& text) { target = parse_integer<Integer>(text, least, most); })
      ->default_str(fmt::format("{}", target))
      ->type_name("N");
}

}  // namespace weft::cli
