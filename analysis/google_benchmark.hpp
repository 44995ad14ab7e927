#pragma once

#include <string>

#include "analysis/result_set.hpp"
#include "analysis/verdict.hpp"

namespace weft {

/// A result set as Google Benchmark writes its runs with --benchmark_out: an entry per launch and measured point, whose
/// real_time is the metric of the launch in us (launches without it are left out), and with several launches the
/// aggregates mean, median, stddev and cv of these. Its compare.py and what else reads that format can read it.
/// cpu_time, which that format demands, is real_time.
std::string google_benchmark_json(const ResultSet& set, Metric metric);

}  // namespace weft
