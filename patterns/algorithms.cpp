#include "patterns/algorithms.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"

namespace weft {

namespace {

constexpr const char* kAll = "all";

std::vector<std::string> names_of(const std::vector<const Algorithm*>& algorithms) {
  std::vector<std::string> names = {kNative};
  for (const Algorithm* algorithm : algorithms) names.push_back(algorithm->name);
  return names;
}

bool costs_less(const Algorithm& one, const Algorithm& other, const Call& call) {
  return one.cost != nullptr && other.cost != nullptr && one.cost(call) < other.cost(call);
}

Choice automatic_choice(const std::vector<const Algorithm*>& algorithms, const Call& call) {
  Choice first_refused{.name = kNative, .automatic = true};
  const Algorithm* best = nullptr;
  for (const Algorithm* algorithm : algorithms) {
    const std::string refused = algorithm->refuses(call);
    if (refused.empty() && (best == nullptr || costs_less(*algorithm, *best, call))) best = algorithm;
    if (refused.empty() || !first_refused.refused.empty()) continue;
    first_refused.name = algorithm->name;
    first_refused.refused = refused;
  }
  if (best == nullptr) return first_refused;
  return {.name = best->name, .algorithm = best, .automatic = true};
}

Choice named_choice(const std::string& name, const std::vector<const Algorithm*>& algorithms, const Call& call) {
  if (name == kNative) return {.name = name};
  for (const Algorithm* algorithm : algorithms)
    if (algorithm->name == name) return {.name = name, .algorithm = algorithm, .refused = algorithm->refuses(call)};
  return {.name = name,
          .absent = true,
          .refused = fmt::format("{} has no algorithm '{}' (known: {})", name_of(call.collective), name,
                                 join(names_of(algorithms), ", "))};
}

}  // namespace

std::vector<Choice> choose_algorithms(const std::vector<std::string>& named, const Call& call) {
  const std::vector<const Algorithm*> algorithms = collectives::algorithms_of(call.collective);
  if (named.empty()) return {automatic_choice(algorithms, call)};
  std::vector<Choice> choices;
  if (std::find(named.begin(), named.end(), kAll) != named.end()) {
    choices.push_back({.name = kNative});
    for (const Algorithm* algorithm : algorithms)
      if (const std::string refused = algorithm->refuses(call); refused.empty() || algorithm->by_node)
        choices.push_back({.name = algorithm->name, .algorithm = algorithm, .refused = refused});
    return choices;
  }
  for (const std::string& name : named) {
    const auto same = [&](const Choice& choice) { return choice.name == name; };
    if (std::none_of(choices.begin(), choices.end(), same)) choices.push_back(named_choice(name, algorithms, call));
  }
  return choices;
}

void validate_algorithms(const Request& request, std::span<const Pattern* const> patterns) {
  std::vector<std::string> known = {kAll, kNative};
  for (const Pattern* pattern : patterns)
    for (const Collective collective : pattern->collectives)
      for (const Algorithm* algorithm : collectives::algorithms_of(collective))
        if (std::find(known.begin(), known.end(), algorithm->name) == known.end()) known.push_back(algorithm->name);
  for (const std::string& name : request.algorithms)
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw UsageError(unknown_name("algorithm", name, known));
}

}  // namespace weft
