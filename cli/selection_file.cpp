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

Collective collective_named(const std::string& name, const std::string& path) {
  std::vector<std::string> known;
  for (const Collective collective : all_collectives()) {
    if (name_of(collective) == name) return collective;
    known.emplace_back(name_of(collective));
  }
  throw UsageError(fmt::format("{}: {}", path, unknown_name("operation", name, known)));
}

SelectionRule rule_of(const nlohmann::json& json, Collective collective, const std::string& path) {
  SelectionRule rule{
      .from = whole_number(json.at("from_bytes"), "from_bytes", {.least = 0, .most = Bytes{1} << 60}, path),
      .algorithm = json.at("algorithm").get<std::string>()};
  try {
    if (rule.algorithm != kNative) collectives::find(collective, rule.algorithm);
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("{}: {}", path, error.what()));
  }
  return rule;
}

Selection selection_of(const nlohmann::json& json, const std::string& path) {
  const auto count = [&](const char* member) {
    return static_cast<int>(whole_number(json.at(member), member, {.least = 1, .most = kMostRanks}, path));
  };
  Selection selection{.place = {.operation = json.at("operation").get<std::string>(),
                                .transport = json.at("transport").get<std::string>(),
                                .ranks = count("ranks"),
                                .hosts = count("hosts")},
                      .rules = {}};
  const Collective collective = collective_named(selection.place.operation, path);
  for (const nlohmann::json& rule : json.at("rules")) {
    selection.rules.push_back(rule_of(rule, collective, path));
    const std::size_t n = selection.rules.size();
    if (n > 1 && selection.rules[n - 1].from <= selection.rules[n - 2].from)
      throw UsageError(fmt::format("{}: the rules of {} over {} do not ascend by from_bytes", path,
                                   selection.place.operation, selection.place.transport));
  }
  if (selection.rules.empty())
    throw UsageError(
        fmt::format("{}: there is no rule for {} over {}", path, selection.place.operation, selection.place.transport));
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
  std::vector<Selection> selections;
  try {
    for (const nlohmann::json& one : file.at("selections")) {
      selections.push_back(selection_of(one, path));
      const TuningPlace& place = selections.back().place;
      if (std::count_if(selections.begin(), selections.end(), [&](const Selection& s) { return s.place == place; }) > 1)
        throw UsageError(fmt::format("{}: {} over {}, {} ranks on {} hosts, comes twice", path, place.operation,
                                     place.transport, place.ranks, place.hosts));
    }
  } catch (const nlohmann::json::exception& error) {
    throw UsageError(fmt::format("{}: is not what weft tune writes ({})", path, error.what()));
  }
  return selections;
}

int count_hosts(const std::vector<std::string>& hosts) {
  return std::max(1, static_cast<int>(std::set<std::string>(hosts.begin(), hosts.end()).size()));
}

}  // namespace weft::cli
