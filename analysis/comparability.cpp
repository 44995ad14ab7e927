#include "analysis/comparability.hpp"

#include <algorithm>
#include <set>

#include "analysis/conditions.hpp"
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/text.hpp"
#include "results/difference.hpp"

namespace weft {

namespace {

/// "host" covers "host.cpu", and "host.cpu" itself.
bool covers(const std::string& allowed, const std::string& key) {
  return key == allowed || (key.starts_with(allowed) && key[allowed.size()] == '.');
}

/// The differences in a few words: the first four.
std::string listed(const std::vector<std::string>& texts) {
  constexpr std::size_t kShown = 4;
  if (texts.size() <= kShown) return join(texts, ", ");
  return fmt::format("{} and {} more", join(std::span(texts).first(kShown), ", "), texts.size() - kShown);
}

}  // namespace

std::string ConditionDifference::text() const {
  if (before_folder.empty()) return fmt::format("{} ({} → {})", key, before, after);
  return fmt::format("{} ({} in {}, {} in {})", key, before, before_folder, after, after_folder);
}

Comparability::Comparability(const ResultSet& base, const ResultSet& now, std::vector<std::string> despite)
    : base_(base), now_(now), despite_(std::move(despite)) {
  std::vector<nlohmann::json> conditions;
  for (std::size_t i = 0; i < base_.launches.size() + now_.launches.size(); ++i)
    conditions.push_back(conditions_of(launch(i).run.info));
  std::set<std::pair<std::string, std::string>> known;
  for (ConditionDifference& difference : find_in(conditions))
    if (known.emplace(difference.key, difference.after).second) of_runs_.push_back(std::move(difference));
}

const Launch& Comparability::launch(std::size_t index) const {
  return index < base_.launches.size() ? base_.launches[index] : now_.launches[index - base_.launches.size()];
}

Comparability::Found Comparability::find_in(const std::vector<nlohmann::json>& conditions) const {
  const auto known = [](const nlohmann::json& of_launch) { return !of_launch.is_null(); };
  const auto first = std::find_if(conditions.begin(), conditions.end(), known);
  const auto begin_of_new = conditions.begin() + static_cast<std::ptrdiff_t>(base_.launches.size());
  const auto first_new = std::find_if(begin_of_new, conditions.end(), known);
  Found found;
  for (auto other = first; other != conditions.end(); ++other) {
    if (!known(*other) || *other == *first) continue;
    // A launch that differs from the others of its set is named.
    const bool alone = other < begin_of_new || *other != *first_new;
    for (const Difference& difference : weft::differences(*first, *other)) {
      ConditionDifference condition;
      condition.key = difference.key;
      condition.before = difference.before;
      condition.after = difference.after;
      if (alone) {
        condition.before_folder = launch(static_cast<std::size_t>(first - conditions.begin())).run.folder.string();
        condition.after_folder = launch(static_cast<std::size_t>(other - conditions.begin())).run.folder.string();
      }
      condition.allowed = std::any_of(despite_.begin(), despite_.end(),
                                      [&](const std::string& allowed) { return covers(allowed, condition.key); });
      found.push_back(std::move(condition));
    }
  }
  return found;
}

std::string Comparability::obstacle(const std::vector<const Record*>& base, const std::vector<const Record*>& now) {
  std::vector<const Record*> rows = base;
  rows.insert(rows.end(), now.begin(), now.end());
  const Record& any = **std::find_if(rows.begin(), rows.end(), [](const Record* record) { return record != nullptr; });
  Found found;
  std::copy_if(of_runs_.begin(), of_runs_.end(), std::back_inserter(found),
               [&](const ConditionDifference& difference) { return concerns(difference.key, any); });
  std::vector<nlohmann::json> of_rows;
  for (const Record* record : rows)
    of_rows.push_back(record != nullptr && record->measured() ? conditions_of(*record) : nlohmann::json());
  for (ConditionDifference& difference : find_in(of_rows)) found.push_back(std::move(difference));

  std::vector<std::string> obstacles;
  std::set<std::tuple<std::string, std::string, std::string>> counted;
  for (const ConditionDifference& difference : found) {
    const std::tuple name(difference.key, difference.before, difference.after);
    if (!counted.insert(name).second) continue;
    ++seen_.emplace(name, difference).first->second.points;
    if (!difference.allowed) obstacles.push_back(difference.text());
  }
  return listed(obstacles);
}

std::vector<ConditionDifference> Comparability::differences() const {
  std::vector<ConditionDifference> all;
  for (const auto& [name, difference] : seen_) all.push_back(difference);
  return all;
}

std::vector<std::string> Comparability::notes() const {
  std::vector<std::string> notes;
  for (const ResultSet* set : {&base_, &now_}) {
    notes.insert(notes.end(), set->notes.begin(), set->notes.end());
    if (!set->lost.empty()) notes.push_back(fmt::format("without a result: {}", named(set->lost)));
  }
  if (!now_.launches.empty())
    for (const Difference& difference :
         weft::differences(notable(base_.launches.front().run.info), notable(now_.launches.front().run.info)))
      notes.push_back(
          fmt::format("{} differs, which is allowed: {} → {}", difference.key, difference.before, difference.after));
  for (const std::string& allowed : despite_)
    if (std::none_of(seen_.begin(), seen_.end(), [&](const auto& entry) { return covers(allowed, entry.second.key); }))
      notes.push_back(fmt::format("--despite {}: nothing differs there", allowed));
  return notes;
}

double timer_resolution_ns(const nlohmann::json& run_info, const std::string& transport) {
  constexpr double kPrinted = 10;  // peers print us with two decimals, and fewer where it is less than 1 in 1000
  if (run_info.contains("/provenance/imported"_json_pointer)) return kPrinted;
  if (!run_info.contains("clocks") || !run_info["clocks"].is_array()) return 0;
  for (const nlohmann::json& clock : run_info["clocks"])
    if (clock.is_object() && clock.value("transport", nlohmann::json()) == transport)
      if (const nlohmann::json resolution = clock.value("resolution_ns", nlohmann::json()); resolution.is_number())
        return resolution.get<double>();
  return 0;
}

}  // namespace weft
