#include "analysis/history.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "analysis/conditions.hpp"
#include "analysis/result_set.hpp"
#include "statistics/quantile.hpp"
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"

namespace weft {

namespace {

namespace fs = std::filesystem;

bool holds_runs(const fs::path& folder) {
  std::error_code ignored;
  if (fs::exists(folder / "run.json", ignored)) return true;
  for (const auto& entry : fs::directory_iterator(folder, ignored))
    if (fs::exists(entry.path() / "run.json", ignored)) return true;
  return false;
}

/// Where the result set of a child lies; empty where it has none.
fs::path result_set_of(const fs::path& child) {
  for (const fs::path& folder : {child, child / "new"})
    if (holds_runs(folder)) return folder;
  return {};
}

std::string text_in(const nlohmann::json& info, const char* member) {
  const auto found = info.find(member);
  return found != info.end() && found->is_string() ? found->get<std::string>() : "";
}

struct DatedSet {
  HistoryEntry entry;
  ResultSet set;
};

std::vector<DatedSet> sets_in_order(const fs::path& folder) {
  std::error_code error;
  std::vector<DatedSet> sets;
  for (const auto& child : fs::directory_iterator(folder, error)) {
    const fs::path path = child.is_directory(error) ? result_set_of(child.path()) : fs::path();
    if (path.empty()) continue;
    ResultSet set = read_result_set(path);
    if (set.launches.empty()) continue;  // all of them failed
    std::string started = text_in(set.launches.front().run.info, "started");
    for (const Launch& launch : set.launches) started = std::min(started, text_in(launch.run.info, "started"));
    sets.push_back({{child.path().filename().string(), started, set.launches.size(), {}}, std::move(set)});
  }
  if (error) throw UsageError(fmt::format("{}: cannot be read ({})", folder.string(), error.message()));
  if (sets.empty())
    throw UsageError(
        fmt::format("{}: holds no campaign and no run folder, of which a history is made", folder.string()));
  std::sort(sets.begin(), sets.end(), [](const DatedSet& a, const DatedSet& b) {
    return std::tie(a.entry.started, a.entry.name) < std::tie(b.entry.started, b.entry.name);
  });
  return sets;
}

/// Where a launch was measured: what may change a level without a change of weft. Imported runs do not tell.
nlohmann::json place_of(const nlohmann::json& run_info) {
  nlohmann::json place = conditions_of(run_info);
  nlohmann::json host = place["host"];
  if (const nlohmann::json name = notable(run_info)["host"]["name"]; !name.is_null()) host["name"] = name;
  return {{"host", host}, {"libraries", place["libraries"]}, {"transports", place["transports"]}};
}

/// Both know of each transport then: one that was not measured is as it was when it was, or as it will be.
void complete_transports(nlohmann::json& one, nlohmann::json& other) {
  const auto complete = [](nlohmann::json& of, const nlohmann::json& by) {
    for (const auto& [name, facts] : by.items())
      if (!of.contains(name)) of[name] = facts;
  };
  complete(one["transports"], other["transports"]);
  complete(other["transports"], one["transports"]);
}

/// Looks at the launches one after the other, in the order of the entries.
class Places {
 public:
  std::vector<Difference> changes_in(const ResultSet& set) {
    std::vector<Difference> changes;
    for (const Launch& launch : set.launches) {
      nlohmann::json place = place_of(launch.run.info);
      if (place["host"].empty()) continue;
      if (!before_.is_null()) {
        complete_transports(before_, place);
        for (Difference& difference : differences(before_, place))
          if (std::none_of(changes.begin(), changes.end(),
                           [&](const Difference& known) { return known.key == difference.key; }))
            changes.push_back(std::move(difference));
      }
      before_ = std::move(place);
    }
    return changes;
  }

 private:
  nlohmann::json before_;
};

/// The points of a history, and by what they are told apart.
class Lines {
 public:
  /// The launches' medians of one set, summed up by one value for each point.
  void add(std::size_t entry, const ResultSet& set) {
    std::map<std::size_t, std::vector<double>> medians;
    for (const Launch& launch : set.launches)
      for (const Record& record : launch.run.records)
        if (record.is_usable(record.time_us_median))
          medians[line_of(record, text_in(launch.run.info, "configuration_hash"))].push_back(record.time_us_median);
    for (auto& [line, values] : medians) {
      points_[line].entries.push_back(entry);
      points_[line].medians_us.push_back(median(std::move(values)));
    }
  }

  std::vector<HistoryPoint> finish() {
    for (HistoryPoint& point : points_)
      if (point.medians_us.size() >= kFewestForHistory) point.changes = e_divisive(point.medians_us);
    return std::move(points_);
  }

 private:
  std::size_t line_of(const Record& record, const std::string& hash) {
    const auto [found, is_new] = indices_.emplace(hash + ' ' + record.key(), points_.size());
    if (is_new) points_.push_back({record, hash, {}, {}, {}});
    return found->second;
  }

  std::vector<HistoryPoint> points_;
  std::map<std::string, std::size_t> indices_;
};

std::string label_of(const Record& point) {
  std::string label = point.pattern == point.operation ? point.operation : point.pattern + ' ' + point.operation;
  label += fmt::format(" {} {} {} ranks {}", point.algorithm, point.transport, point.ranks,
                       format_bytes(point.bytes_per_rank));
  for (const std::string& more : {point.dtype, point.op})
    if (!more.empty()) label += ' ' + more;
  return point.in_place ? label + " in place" : label;
}

const HistoryEntry& entry_at(const History& history, const HistoryPoint& point, const ChangePoint& change) {
  return history.entries[point.entries[change.index]];
}

std::size_t name_width_of(const History& history) {
  std::size_t width = 8;
  for (const HistoryEntry& entry : history.entries) width = std::max(width, entry.name.size());
  return width;
}

std::string lines_of(const History& history) {
  const std::size_t name_width = name_width_of(history);
  std::string text = fmt::format("{:<20} {:<{}} {:>10} {:>10} {:>7} {:>7}  point\n", "since", "campaign", name_width,
                                 "before us", "after us", "ratio", "p");
  for (const HistoryPoint& point : history.points)
    for (const ChangePoint& change : point.changes) {
      const HistoryEntry& entry = entry_at(history, point, change);
      text += fmt::format("{:<20} {:<{}} {:>10.5g} {:>10.5g} {:>7.3f} {:>7.2g}  {}\n", entry.started, entry.name,
                          name_width, change.before, change.after, change.after / change.before, change.p_value,
                          label_of(point.point));
    }
  return text;
}

/// "since … campaign … host.kernel 6.1 → 6.6", a line for each.
std::string places_of(const History& history) {
  std::string text;
  for (const HistoryEntry& entry : history.entries)
    for (const Difference& difference : entry.changed)
      text += fmt::format("{:<20} {:<{}} {} {} → {}\n", entry.started, entry.name, name_width_of(history),
                          difference.key, difference.before, difference.after);
  return text.empty() ? text : "measured elsewhere, or with other libraries, since\n" + text;
}

}  // namespace

History read_history(const fs::path& folder) {
  History history{folder, {}, {}};
  Lines lines;
  Places places;
  for (DatedSet& dated : sets_in_order(folder)) {
    lines.add(history.entries.size(), dated.set);
    dated.entry.changed = places.changes_in(dated.set);
    history.entries.push_back(std::move(dated.entry));
  }
  history.points = lines.finish();
  return history;
}

std::string history_table(const History& history) {
  std::size_t changes = 0, longest = 0;
  for (const HistoryPoint& point : history.points) {
    changes += point.changes.size();
    longest = std::max(longest, point.medians_us.size());
  }
  std::string text = fmt::format("history {}: {} result sets, {} points, {} changes of level (E-divisive; advisory)\n",
                                 history.folder.string(), history.entries.size(), history.points.size(), changes);
  if (longest < kFewestForHistory)
    text += fmt::format("no point was measured {} times with one configuration, the fewest that can show a change\n",
                        kFewestForHistory);
  if (changes > 0) text += lines_of(history);
  return text + places_of(history);
}

nlohmann::json to_json(const History& history) {
  nlohmann::json entries = nlohmann::json::array(), points = nlohmann::json::array();
  for (const HistoryEntry& entry : history.entries) {
    nlohmann::json changed = nlohmann::json::array();
    for (const Difference& difference : entry.changed)
      changed.push_back({{"key", difference.key}, {"before", difference.before}, {"after", difference.after}});
    entries.push_back(
        {{"name", entry.name}, {"started", entry.started}, {"launches", entry.launches}, {"changed", changed}});
  }
  for (const HistoryPoint& line : history.points) {
    nlohmann::json changes = nlohmann::json::array();
    for (const ChangePoint& change : line.changes)
      changes.push_back({{"index", change.index},
                         {"since", entry_at(history, line, change).started},
                         {"before_us", change.before},
                         {"after_us", change.after},
                         {"ratio", change.after / change.before},
                         {"p", change.p_value}});
    const Record& point = line.point;
    points.push_back({{"pattern", point.pattern},
                      {"operation", point.operation},
                      {"algorithm", point.algorithm},
                      {"transport", point.transport},
                      {"ranks", point.ranks},
                      {"bytes_per_rank", point.bytes_per_rank},
                      {"label", label_of(point)},
                      {"configuration_hash", line.configuration_hash},
                      {"entries", line.entries},
                      {"time_us", line.medians_us},
                      {"changes", changes}});
  }
  return {{"schema", kHistorySchema}, {"folder", history.folder.string()}, {"entries", entries}, {"points", points}};
}

}  // namespace weft
