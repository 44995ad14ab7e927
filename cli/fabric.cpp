#include "cli/fabric.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"

namespace weft::cli {

namespace {

// What the model transport can be; it refuses the rest as well.
constexpr Nanoseconds kSecond = 1'000'000'000;
constexpr double kLeastBandwidth = 1e-3;
constexpr double kMostBandwidth = 1e9;
constexpr double kMostJitter = 5;

double parse_number(std::string_view text, std::string_view what, std::string_view& rest) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || !std::isfinite(value) || value < 0)
    throw UsageError(fmt::format("'{}' is no {}: give a number that is not negative", text, what));
  rest = text.substr(static_cast<std::size_t>(end - text.data()));
  return value;
}

double parse_real(std::string_view text, std::string_view what, double least, double most) {
  std::string_view rest;
  const double value = parse_number(text, what, rest);
  if (!rest.empty() || value < least || value > most)
    throw UsageError(fmt::format("'{}' is no {}: give a plain number from {} to {}", text, what, least, most));
  return value;
}

void set(FabricModel& model, const std::string& key, std::string_view value) {
  if (key == "latency")
    model.latency = parse_duration(value, kSecond);
  else if (key == "bandwidth")
    model.bandwidth = parse_real(value, "bandwidth in GB/s", kLeastBandwidth, kMostBandwidth);
  else if (key == "jitter")
    model.jitter = parse_real(value, "jitter (sigma of a log-normal factor)", 0, kMostJitter);
  else if (key == "skew")
    model.skew = parse_duration(value, kSecond);
  else
    model.overhead = parse_duration(value, kSecond);
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
    throw UsageError(fmt::format("'{}' is too long: at most {}s can be had", text, most / kSecond));
  return static_cast<Nanoseconds>(std::llround(value * scale));
}

FabricModel parse_fabric(std::string_view text, FabricModel model) {
  static const std::vector<std::string> kKeys = {"latency", "bandwidth", "jitter", "skew", "overhead"};
  std::set<std::string> given;
  for (const std::string& pair : split(text, ',')) {
    const std::size_t equals = pair.find('=');
    const std::string key = pair.substr(0, equals);
    if (equals == std::string::npos) throw UsageError(fmt::format("'{}' is not KEY=VALUE, such as latency=2us", pair));
    if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end()) throw UsageError(unknown_name("key", key, kKeys));
    if (!given.insert(key).second) throw UsageError(fmt::format("'{}' is given twice", key));
    try {
      set(model, key, std::string_view(pair).substr(equals + 1));
    } catch (const UsageError& error) {
      throw UsageError(fmt::format("{}: {}", key, error.what()));
    }
  }
  return model;
}

}  // namespace weft::cli
