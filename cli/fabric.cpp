#include "cli/fabric.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "cli/models.hpp"
#include "core/error.hpp"
#include "core/text.hpp"

namespace weft::cli {

namespace {

double parse_number(std::string_view text, std::string_view what, std::string_view& rest) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || !std::isfinite(value) || value < 0)
    throw UsageError(fmt::format("'{}' is no {}: give a number that is not negative", text, what));
  rest = text.substr(static_cast<std::size_t>(end - text.data()));
  return value;
}

double parse_fabric_real(std::string_view text, std::string_view what) {
  std::string_view rest;
  const double value = parse_number(text, what, rest);
  if (!rest.empty()) throw UsageError(fmt::format("'{}' is no {}: give a plain number", text, what));
  return value;
}

int parse_fabric_count(std::string_view text, std::string_view what) {
  const std::optional<int> value = whole_number<int>(text);
  if (!value) throw UsageError(fmt::format("'{}' is no {}: give a number", text, what));
  return *value;
}

Nanoseconds parse_delay(std::string_view text) { return parse_duration(text, kLongestModelDelay); }

/// The two halves of "A:B".
std::pair<std::string, std::string> parse_pair(std::string_view text, std::string_view form) {
  const std::vector<std::string> halves = split(text, ':');
  if (halves.size() != 2) throw UsageError(fmt::format("'{}' is not {}", text, form));
  return {halves.front(), halves.back()};
}

void set_stalls(FabricModel& model, std::string_view value) {
  const auto [share, factor] = parse_pair(value, "SHARE:FACTOR, such as 0.01:10");
  model.stall_share = parse_fabric_real(share, "share of the messages");
  model.stall_factor = parse_fabric_real(factor, "factor");
}

void set_late(FabricModel& model, std::string_view value) {
  const auto [rank, delay] = parse_pair(value, "RANK:DURATION, such as 3:10us");
  model.late_rank = parse_fabric_count(rank, "rank");
  model.late_by = parse_delay(delay);
}

void set_ranks_per_node(FabricModel& model, std::string_view value) {
  model.ranks_per_node = parse_fabric_count(value, "number of ranks");
}

void set_slow(FabricModel& model, std::string_view value) {
  const auto [bytes, factor] = parse_pair(value, "SIZE:FACTOR, such as 64K:1.1");
  model.slow_bytes = parse_bytes(bytes);
  model.slow_factor = parse_fabric_real(factor, "factor");
}

struct Key {
  std::string name;
  void (*set)(FabricModel& model, std::string_view value);
};

const std::vector<Key>& keys() {
  using Text = std::string_view;
  static const std::vector<Key> table = {
      {"latency", [](FabricModel& model, Text value) { model.latency = parse_delay(value); }},
      {"bandwidth",
       [](FabricModel& model, Text value) { model.bandwidth = parse_fabric_real(value, "bandwidth in GB/s"); }},
      {"ranks-per-node", set_ranks_per_node},
      {"node-latency", [](FabricModel& model, Text value) { model.node_latency = parse_delay(value); }},
      {"node-bandwidth",
       [](FabricModel& model, Text value) { model.node_bandwidth = parse_fabric_real(value, "bandwidth in GB/s"); }},
      {"node-uplink",
       [](FabricModel& model, Text value) { model.node_uplink = parse_fabric_real(value, "bandwidth in GB/s"); }},
      {"jitter",
       [](FabricModel& model, Text value) { model.jitter = parse_fabric_real(value, "sigma of a log-normal"); }},
      {"skew", [](FabricModel& model, Text value) { model.skew = parse_delay(value); }},
      {"overhead", [](FabricModel& model, Text value) { model.overhead = parse_delay(value); }},
      {"stalls", set_stalls},
      {"clock-offset", [](FabricModel& model, Text value) { model.clock_offset = parse_delay(value); }},
      {"clock-drift",
       [](FabricModel& model, Text value) { model.clock_drift = parse_fabric_real(value, "drift in ppm"); }},
      {"late", set_late},
      {"launch", [](FabricModel& model, Text value) { model.launch_cv = parse_fabric_real(value, "variation"); }},
      {"slow", set_slow},
  };
  return table;
}

std::vector<std::string> names_of_keys() {
  std::vector<std::string> names;
  for (const Key& key : keys()) names.push_back(key.name);
  return names;
}

void set_key(const std::string& key, std::string_view value, FabricModel& model) {
  const auto known = std::find_if(keys().begin(), keys().end(), [&](const Key& entry) { return entry.name == key; });
  if (known == keys().end()) throw UsageError(unknown_name("key", key, names_of_keys()));
  try {
    known->set(model, value);
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("{}: {}", key, error.what()));
  }
}

NamedFabric load_named(const std::string& name) {
  try {
    return load_fabric(name, fabrics_directory());
  } catch (const UsageError& error) {
    const bool is_path = name.find('/') != std::string::npos || name.ends_with(".json");
    throw UsageError(is_path ? error.what() : fmt::format("{}, or KEY=VALUE, such as latency=2us", error.what()));
  }
}

}  // namespace

Nanoseconds parse_duration(std::string_view text, Nanoseconds most) {
  std::string_view unit;
  const double value = parse_number(text, "duration", unit);
  double scale = 0;
  if (unit == "ns") scale = 1;
  if (unit == "us") scale = 1e3;
  if (unit == "ms") scale = 1e6;
  if (unit == "s") scale = 1e9;
  if (unit.empty() && value == 0) return 0;
  if (unit.empty())
    throw UsageError(fmt::format("'{}' has no unit: give a number and ns, us, ms or s, such as {}us", text, text));
  if (scale == 0)
    throw UsageError(fmt::format("'{}' is no duration: give a number and ns, us, ms or s, such as 2us", text));
  if (value * scale > static_cast<double>(most))
    throw UsageError(fmt::format("'{}' is too long: at most {}s can be had", text, most / 1'000'000'000));
  return static_cast<Nanoseconds>(std::llround(value * scale));
}

NamedFabric parse_fabric(std::string_view text) {
  NamedFabric fabric;
  std::vector<std::string> parts = split(text, ',');
  if (!parts.front().empty() && parts.front().find('=') == std::string::npos) {
    fabric = load_named(parts.front());
    parts.erase(parts.begin());
  }
  std::set<std::string> given;
  for (const std::string& pair : parts) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos) throw UsageError(fmt::format("'{}' is not KEY=VALUE, such as latency=2us", pair));
    const std::string key = pair.substr(0, equals);
    set_key(key, std::string_view(pair).substr(equals + 1), fabric.model);
    if (!given.insert(key).second) throw UsageError(fmt::format("'{}' is given twice", key));
  }
  if (const std::string flaw = flaw_of(fabric.model); !flaw.empty()) throw UsageError(flaw);
  for (const char* key : {"node-latency", "node-bandwidth", "node-uplink"})
    if (given.contains(key) && fabric.model.ranks_per_node == 0)
      throw UsageError(fmt::format("{}: the fabric has no nodes: give ranks-per-node too", key));
  return fabric;
}

}  // namespace weft::cli
