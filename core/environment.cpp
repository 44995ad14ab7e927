#include "core/environment.hpp"

#include <cstdlib>
#include <optional>

#include <fmt/format.h>
#include <unistd.h>

#include "core/error.hpp"
#include "core/text.hpp"

namespace weft {

std::vector<std::string> process_environment() {
  std::vector<std::string> entries;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) entries.emplace_back(*entry);
  return entries;
}

std::string environment_variable(const char* name) {
  const char* const text = std::getenv(name);
  return text == nullptr ? std::string() : std::string(text);
}

int number_in_variable(const char* name, int least, int most) {
  const std::string text = environment_variable(name);
  const std::optional<int> value = whole_number<int>(text);
  if (!value || *value < least || *value > most)
    throw UsageError(fmt::format("{}={}: give a whole number from {} to {}", name, text, least, most));
  return *value;
}

std::string with_variables(std::string_view prefix) {
  std::vector<std::string> set = process_environment();
  std::erase_if(set, [&](const std::string& entry) { return !entry.starts_with(prefix); });
  if (set.empty()) return {};
  const std::size_t all = set.size();
  return ", with " + enumerate(std::move(set), all) + " set";
}

}  // namespace weft
