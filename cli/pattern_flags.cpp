#include "cli/pattern_flags.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"
#include "patterns/registry.hpp"

namespace weft::cli {

namespace {

/// A pattern's flags are those of `weft run`: another command need not have them.
bool is_given(const CLI::App& command, const std::string& flag) {
  const CLI::Option* const option = command.get_option_no_throw(flag);
  return option != nullptr && option->count() > 0;
}

bool takes(const Pattern& pattern, const std::string& flag) {
  return std::find(pattern.flags.begin(), pattern.flags.end(), flag) != pattern.flags.end();
}

std::string patterns_taking(const std::string& flag) {
  std::vector<std::string> takers;
  for (const Pattern& pattern : patterns::registry().entries())
    if (takes(pattern, flag)) takers.push_back(pattern.name);
  return fmt::format("pattern{} {}", takers.size() == 1 ? "" : "s", enumerate(takers, takers.size()));
}

void refuse_flags_of_others(const CLI::App& command, const std::vector<const Pattern*>& chosen,
                            const std::string& names) {
  for (const Pattern& pattern : patterns::registry().entries())
    for (const std::string& flag : pattern.flags)
      if (is_given(command, flag) &&
          std::none_of(chosen.begin(), chosen.end(), [&](const Pattern* one) { return takes(*one, flag); }))
        throw UsageError(fmt::format("{}: has no meaning for {}, it is of the {}", flag, names, patterns_taking(flag)));
}

void refuse_useless_flags(const CLI::App& command, const std::vector<const Pattern*>& chosen,
                          const std::string& names) {
  for (const auto& [flag, source] : chosen.front()->useless_flags)
    if (is_given(command, flag) && std::all_of(chosen.begin(), chosen.end(), [&, &useless = flag](const Pattern* one) {
          return one->useless_flags.contains(useless);
        }))
      throw UsageError(fmt::format("{}: has no meaning for {}, {}", flag, names, source));
}

}  // namespace

void refuse_flags_without_meaning(const CLI::App& command, const std::vector<std::string>& patterns) {
  std::vector<const Pattern*> chosen;
  for (const std::string& name : patterns) chosen.push_back(&patterns::registry().find(name));
  if (chosen.empty()) return;
  const std::string names = join(patterns, ", ");
  refuse_flags_of_others(command, chosen, names);
  refuse_useless_flags(command, chosen, names);
}

}  // namespace weft::cli
