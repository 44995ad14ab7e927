#include "cli/selection_file.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "collectives/registry.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "patterns/json_file.hpp"

namespace weft::cli {

namespace {

const JsonKind kKind{
    .name = "selection", .flag = "--selection", .needed = "a file that weft tune has written", .in_folder = ""};
constexpr std::uint64_t kMostRanks = 1'000'000;

Collective collective_named(const std::string& name, const std::string& where) {
  std::vector<std::string> known;
  for (const Collective collective : all_collectives()) {
    if (name_of(collective) == name) return collective;
    known.emplace_back(name_of(collective));
  }
  throw UsageError(fmt::format("{}: {}", where, unknown_name("operation", printable(name), known)));
}

void refuse_other_members(const nlohmann::json& json, const std::vector<std::string>& known, const std::string& where) {
  if (!json.is_object()) throw UsageError(fmt::format("{}: is {}: an object is needed", where, shown(json)));
  refuse_unknown_members(json, known, where);
}

std::string name_in(const nlohmann::json& json, const char* member, const std::string& where) {
  const nlohmann::json& value = needed_member(json, member, where);
  if (!value.is_string())
    throw UsageError(fmt::format("{}: \"{}\" is {}: a name is needed", where, member, shown(value)));
  return value.get<std::string>();
}

/// The elements of a list, of which there must be some; each comes with where it stands.
template <typename Read>
void read_list(const nlohmann::json& json, const char* member, const std::string& where, Read read) {
  const nlohmann::json& list = needed_member(json, member, where);
  if (!list.is_array() || list.empty())
    throw UsageError(fmt::format("{}: \"{}\" is {}: a list that is not empty is needed", where, member, shown(list)));
  for (std::size_t i = 0; i < list.size(); ++i) read(list[i], fmt::format("{}: {}[{}]", where, member, i));
}

SelectionRule rule_of(const nlohmann::json& json, Collective collective, const std::string& where) {
  refuse_other_members(json, {"from_bytes", "algorithm"}, where);
  SelectionRule rule{.from = whole_number(needed_member(json, "from_bytes", where), "from_bytes",
                                          {.least = 0, .most = Bytes{1} << 60}, where),
                     .algorithm = name_in(json, "algorithm", where)};
  try {
    if (rule.algorithm != kNative) collectives::find(collective, rule.algorithm);
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("{}: {}", where, error.what()));
  }
  return rule;
}

Selection selection_of(const nlohmann::json& json, const std::string& where) {
  refuse_other_members(json, {"operation", "transport", "ranks", "hosts", "rules"}, where);
  const auto count = [&](const char* member) {
    return static_cast<int>(
        whole_number(needed_member(json, member, where), member, {.least = 1, .most = kMostRanks}, where));
  };
  Selection selection{.place = {.operation = name_in(json, "operation", where),
                                .transport = name_in(json, "transport", where),
                                .ranks = count("ranks"),
                                .hosts = count("hosts")},
                      .rules = {}};
  const Collective collective = collective_named(selection.place.operation, where);
  read_list(json, "rules", where, [&](const nlohmann::json& rule, const std::string& at) {
    selection.rules.push_back(rule_of(rule, collective, at));
    const std::size_t n = selection.rules.size();
    if (n > 1 && selection.rules[n - 1].from <= selection.rules[n - 2].from)
      throw UsageError(fmt::format("{}: the rules do not ascend by from_bytes", at));
  });
  return selection;
}

}  // namespace

nlohmann::json selections_json(const std::vector<Selection>& selections) {
  nlohmann::json all = nlohmann::json::array();
  for (const Selection& selection : selections) {
    nlohmann::json rules = nlohmann::json::array();
    for (const SelectionRule& rule : selection.rules)
      rules.push_back({{"from_bytes", rule.from}, {"algorithm", rule.algorithm}});
    all.push_back({{"operation", selection.place.operation},
                   {"transport", selection.place.transport},
                   {"ranks", selection.place.ranks},
                   {"hosts", selection.place.hosts},
                   {"rules", std::move(rules)}});
  }
  return {{"selections", std::move(all)}};
}

std::vector<Selection> read_selections(const std::string& path) {
  const nlohmann::json file = read_json_object(kKind, path);
  refuse_unknown_members(file, {"selections"}, path);
  std::vector<Selection> selections;
  read_list(file, "selections", path, [&](const nlohmann::json& one, const std::string& where) {
    Selection selection = selection_of(one, where);
    const TuningPlace& place = selection.place;
    if (std::any_of(selections.begin(), selections.end(), [&](const Selection& s) { return s.place == place; }))
      throw UsageError(fmt::format("{}: {} over {}, {} ranks on {} hosts, comes twice", where, place.operation,
                                   printable(place.transport), place.ranks, place.hosts));
    selections.push_back(std::move(selection));
  });
  return selections;
}

int count_hosts(const std::vector<std::string>& hosts) {
  return std::max(1, static_cast<int>(std::set<std::string>(hosts.begin(), hosts.end()).size()));
}

}  // namespace weft::cli
