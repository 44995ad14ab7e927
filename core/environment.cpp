#include "core/environment.hpp"

#include <unistd.h>

#include "core/text.hpp"

namespace weft {

std::vector<std::string> process_environment() {
  std::vector<std::string> entries;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) entries.emplace_back(*entry);
  return entries;
}

std::string with_variables(std::string_view prefix) {
  std::vector<std::string> set = process_environment();
  std::erase_if(set, [&](const std::string& entry) { return !entry.starts_with(prefix); });
  if (set.empty()) return {};
  const std::size_t all = set.size();
  return ", with " + enumerate(std::move(set), all) + " set";
}

}  // namespace weft
