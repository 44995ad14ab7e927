#include "cli/flags.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace weft::cli {

CLI::Option* add(CLI::App& command, const std::string& flags, const std::string& help, const std::string& group,
                 std::function<void(const std::string&)> parse) {
  const std::string name = flags.substr(flags.rfind("--"));
  return command
      .add_option_function<std::string>(
          flags,
          [name, parse = std::move(parse)](const std::string& text) {
            try {
              parse(text);
            } catch (const UsageError& error) {
              throw UsageError(name + ": " + error.what());
            }
          },
          help)
      ->group(group);
}

CLI::Option* add_text(CLI::App& command, const std::string& flags, const std::string& help, const std::string& group,
                      std::string& target, const char* what) {
  return add(command, flags, help, group, [&target, what](const std::string& text) {
    if (text.empty()) throw UsageError(fmt::format("is empty: {} is needed", what));
    target = text;
  });
}

double parse_real(const std::string& text, double least, double most) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= least) || !(value <= most))
    throw UsageError(fmt::format("'{}' is not a number from {} to {}", text, least, most));
  return value;
}

double parse_share(const std::string& text) {
  try {
    if (text.ends_with('%')) return parse_real(text.substr(0, text.size() - 1), 0.01, 100) / 100;
    return parse_real(text, 1e-4, 1);
  } catch (const UsageError&) {
    throw UsageError(fmt::format("'{}' is not a share from 0.01% to 100%", text));
  }
}

Nanoseconds parse_seconds(const std::string& text, double least, double most) {
  return static_cast<Nanoseconds>(parse_real(text, least, most) * 1e9);
}

std::vector<std::string> parse_list(const std::string& text) {
  std::vector<std::string> parts = split(text, ',');
  for (const std::string& part : parts)
    if (std::count(parts.begin(), parts.end(), part) > 1) throw UsageError(fmt::format("'{}' is named twice", part));
  for (const std::string& part : parts)
    if (part.empty()) throw UsageError(fmt::format("'{}' has an empty part: give names separated by commas", text));
  return parts;
}

void require_known(std::string_view kind, const std::string& name, const std::vector<std::string>& known) {
  if (std::find(known.begin(), known.end(), name) == known.end()) throw UsageError(unknown_name(kind, name, known));
}

}  // namespace weft::cli
