#pragma once

#include <cmath>
#include <functional>
#include <random>
#include <string>

#include "analysis/result_set.hpp"

#include "tests/unit/analysis/result_sets.hpp"

namespace weft {

/// What a synthetic result set is like: points of 8 B, 16 B, … of which each launch has a median of its own.
struct SyntheticSet {
  std::string name;
  std::size_t launches = 10;
  std::size_t points = 1;
  double variation = 0.02;  ///< coefficient of variation from launch to launch
  unsigned seed = 1;
  std::function<double(std::size_t point)> slowdown = [](std::size_t) { return 1.0; };
};

inline ResultSet make_set(const SyntheticSet& like) {
  ResultSet set{like.name, {}, {}, {}, {}};
  const RunInfo info = plain_run_info();
  std::mt19937 random(like.seed);
  std::normal_distribution<double> normal;
  for (std::size_t launch = 0; launch < like.launches; ++launch) {
    weft::Run run;
    run.folder = like.name + "/" + std::to_string(launch + 1);
    run.info = {{"provenance", info.provenance}, {"configuration", info.configuration}, {"topology", info.topology}};
    for (std::size_t point = 0; point < like.points; ++point) {
      Record record = all_reduce_record(Bytes{8} << point % 40);
      record.ranks = 2 + static_cast<int>(point / 40);
      record.point = static_cast<int>(point);
      record.iterations = 100;
      record.status = "ok";
      record.sync = "barrier";
      const double typical = 10.0 + static_cast<double>(point);
      record.time_us_median = typical * like.slowdown(point) * std::exp(like.variation * normal(random));
      record.time_us_mean = record.time_us_median * 1.1;
      record.time_us_min = record.time_us_median * 0.9;
      record.time_us_p95 = record.time_us_median * 1.5;
      run.records.push_back(record);
    }
    set.launches.push_back({run});
  }
  return set;
}

/// Every row of one point in a set.
inline void change_rows(ResultSet& set, std::size_t point, const std::function<void(Record&)>& change) {
  for (Launch& launch : set.launches) change(launch.run.records.at(point));
}

}  // namespace weft
