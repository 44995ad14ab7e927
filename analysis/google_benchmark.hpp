#pragma once

#include <string>

#include "analysis/result_set.hpp"

namespace weft {

/// A result set as Google Benchmark writes its runs with --benchmark_out: an entry per launch and measured point, whose
/// real_time is the median of the launch in us, and with several launches the aggregates mean, median, stddev and cv of
/// these. Its compare.py and what else reads that format can read it. cpu_time, which that format demands, is
/// real_time.
std::string google_benchmark_json(const ResultSet& set);

}  // namespace weft
