#include "analysis/google_benchmark.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "statistics/quantile.hpp"
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft {

namespace {

using nlohmann::ordered_json;

/// "all_reduce/ring/shm/ranks:8/dtype:f32/op:sum/bytes:65536".
std::string benchmark_name(const Record& record) {
  std::string name = record.pattern;
  if (record.operation != record.pattern) name += "/" + record.operation;
  name += fmt::format("/{}/{}/ranks:{}/dtype:{}", record.algorithm, record.transport, record.ranks, record.dtype);
  if (!record.op.empty()) name += "/op:" + record.op;
  if (record.in_place) name += "/in_place";
  name += fmt::format("/bytes:{}", record.bytes_per_rank);
  if (record.bytes_per_peer != record.bytes_per_rank) name += fmt::format("/per_peer:{}", record.bytes_per_peer);
  return name;
}

/// The launches of a point that have the metric, and it, in us.
struct Series {
  std::vector<const Record*> launches;
  std::vector<double> times;
};

ordered_json head_of(const std::string& name, std::size_t family, std::size_t repetitions) {
  return {{"name", name},     {"family_index", family},  {"per_family_instance_index", 0},
          {"run_name", name}, {"run_type", "iteration"}, {"repetitions", repetitions}};
}

void add_time(ordered_json& entry, double time, const char* unit) {
  entry["real_time"] = time;
  entry["cpu_time"] = time;
  entry["time_unit"] = unit;
}

void add_launches(const std::string& name, std::size_t family, const Series& series, ordered_json& into) {
  for (std::size_t i = 0; i < series.launches.size(); ++i) {
    const Record& record = *series.launches[i];
    ordered_json entry = head_of(name, family, series.launches.size());
    entry["repetition_index"] = i;
    entry["threads"] = 1;
    entry["iterations"] = record.iterations;
    add_time(entry, series.times[i], "us");
    entry["bytes_per_second"] = record.algbw_gbps * 1e9;
    into.push_back(std::move(entry));
  }
}

void add_aggregates(const std::string& name, std::size_t family, const Series& series, ordered_json& into) {
  const std::vector<double>& times = series.times;
  const auto count = static_cast<double>(times.size());
  const double mean = std::accumulate(times.begin(), times.end(), 0.0) / count;
  const double squares = std::accumulate(times.begin(), times.end(), 0.0,
                                         [&](double sum, double time) { return sum + (time - mean) * (time - mean); });
  const double deviation = std::sqrt(squares / (count - 1));
  const auto add = [&](const char* aggregate, const char* unit, double value) {
    ordered_json entry = head_of(name, family, times.size());
    entry["name"] = name + "_" + aggregate;
    entry["run_type"] = "aggregate";
    entry["threads"] = 1;
    entry["aggregate_name"] = aggregate;
    entry["aggregate_unit"] = unit;
    entry["iterations"] = times.size();
    add_time(entry, value, "us");
    into.push_back(std::move(entry));
  };
  add("mean", "time", mean);
  add("median", "time", median(times));
  add("stddev", "time", deviation);
  add("cv", "percentage", deviation / mean);
}

ordered_json context_of(const nlohmann::json& info) {
  const auto text_at = [&](const char* where) {
    const nlohmann::json::json_pointer pointer(where);
    return info.contains(pointer) && info[pointer].is_string() ? info[pointer].get<std::string>() : std::string();
  };
  return {{"date", text_at("/started")},
          {"host_name", text_at("/provenance/host/name")},
          {"executable", "weft"},
          {"num_cpus", info.contains("topology") && info["topology"].is_array() ? info["topology"].size() : 0},
          {"mhz_per_cpu", 0},
          {"cpu_scaling_enabled", text_at("/provenance/host/governor") != "performance"},
          {"caches", ordered_json::array()},
          {"load_avg", ordered_json::array()},
          {"library_build_type", "release"},
          {"weft_version", text_at("/provenance/weft/version")},
          {"cpu", text_at("/provenance/host/cpu")}};
}

}  // namespace

std::string google_benchmark_json(const ResultSet& set, Metric metric) {
  std::vector<std::string> order;
  std::map<std::string, Series> points;
  for (const Launch& launch : set.launches)
    for (const Record& record : launch.run.records) {
      const std::optional<double> time = value_of(record, metric);
      if (!time) continue;
      const std::string name = benchmark_name(record);
      if (!points.contains(name)) order.push_back(name);
      points[name].launches.push_back(&record);
      points[name].times.push_back(*time);
    }
  ordered_json entries = ordered_json::array();
  for (std::size_t family = 0; family < order.size(); ++family) {
    const Series& series = points.at(order[family]);
    add_launches(order[family], family, series, entries);
    if (series.launches.size() > 1) add_aggregates(order[family], family, series, entries);
  }
  const ordered_json all = {{"context", context_of(set.launches.front().run.info)}, {"benchmarks", entries}};
  return all.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace weft
