#include "results/difference.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/text.hpp"

namespace weft {

namespace {

constexpr const char* kAbsent = "absent";

std::string text_of(const nlohmann::json& value) { return value.is_discarded() ? kAbsent : value.dump(); }

Difference difference_of(const std::string& key, const nlohmann::json& before, const nlohmann::json& after) {
  if (before.is_array() && after.is_array() && before.size() == after.size())
    for (std::size_t i = 0; i < before.size(); ++i)
      if (before[i] != after[i])
        return {key, fmt::format("[{}] {}", i, text_of(before[i])), fmt::format("[{}] {}", i, text_of(after[i]))};
  return {key, text_of(before), text_of(after)};
}

/// What is absent is a discarded value, which no file holds.
void collect(const std::string& key, const nlohmann::json& before, const nlohmann::json& after,
             std::vector<Difference>& into) {
  const bool nested = before.is_object() || after.is_object();
  if (!nested || (!before.is_object() && !before.is_discarded()) || (!after.is_object() && !after.is_discarded())) {
    if (before.is_discarded() != after.is_discarded() || before != after)
      into.push_back(difference_of(key, before, after));
    return;
  }
  const nlohmann::json absent(nlohmann::json::value_t::discarded);
  std::set<std::string> names;
  for (const nlohmann::json* object : {&before, &after})
    if (object->is_object())
      for (const auto& [name, value] : object->items()) names.insert(name);
  for (const std::string& name : names) {
    const auto member = [&](const nlohmann::json& object) -> const nlohmann::json& {
      return object.is_object() && object.contains(name) ? object.at(name) : absent;
    };
    collect(key.empty() ? name : fmt::format("{}.{}", key, name), member(before), member(after), into);
  }
}

}  // namespace

std::vector<Difference> differences(const nlohmann::json& before, const nlohmann::json& after) {
  std::vector<Difference> found;
  collect("", before, after, found);
  return found;
}

std::string describe(const std::vector<Difference>& differences) {
  constexpr std::size_t kShown = 4;
  const std::size_t shown = std::min(kShown, differences.size());
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < shown; ++i)
    texts.push_back(
        fmt::format("{} ({} then, {} now)", differences[i].key, differences[i].before, differences[i].after));
  const std::size_t hidden = differences.size() - shown;
  return join(texts, ", ") + (hidden > 0 ? fmt::format(" and {} more", hidden) : "");
}

}  // namespace weft
