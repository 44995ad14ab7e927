#include "cli/fabric.hpp"

#include <charconv>
#include <cmath>
#include <string>

#include <fmt/format.h>

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

double plain_number(std::string_view text, std::string_view what) {
  std::string_view rest;
  const double value = parse_number(text, what, rest);
  if (!rest.empty()) throw UsageError(fmt::format("'{}' is no {}: give a plain number", text, what));
  return value;
}

}  // namespace

Nanoseconds parse_duration(std::string_view text) {
  std::string_view unit;
  const double value = parse_number(text, "duration", unit);
  double scale = 0;
  if (unit.empty() || unit == "ns") scale = 1;
  if (unit == "us") scale = 1e3;
  if (unit == "ms") scale = 1e6;
  if (unit == "s") scale = 1e9;
  if (scale == 0 || value * scale > 1e15)
    throw UsageError(fmt::format("'{}' is no duration: give a number and ns, us, ms or s, such as 2us", text));
  return static_cast<Nanoseconds>(std::llround(value * scale));
}

FabricModel parse_fabric(std::string_view text, FabricModel model) {
  static const std::vector<std::string> kKeys = {"latency", "bandwidth", "jitter", "skew", "overhead"};
  for (const std::string& pair : split(text, ',')) {
    const std::size_t equals = pair.find('=');
    const std::string key = pair.substr(0, equals);
    if (equals == std::string::npos) throw UsageError(fmt::format("'{}' is not KEY=VALUE, such as latency=2us", pair));
    const std::string_view value = std::string_view(pair).substr(equals + 1);
    if (key == "latency") {
      model.latency = parse_duration(value);
    } else if (key == "bandwidth") {
      model.bandwidth = plain_number(value, "bandwidth in GB/s");
      if (model.bandwidth == 0) throw UsageError("a bandwidth of 0 GB/s carries nothing");
    } else if (key == "jitter") {
      model.jitter = plain_number(value, "jitter (sigma of a log-normal factor)");
    } else if (key == "skew") {
      model.skew = parse_duration(value);
    } else if (key == "overhead") {
      model.overhead = parse_duration(value);
    } else {
      throw UsageError("" + unknown_name("key", key, kKeys));
    }
  }
  return model;
}

}  // namespace weft::cli
