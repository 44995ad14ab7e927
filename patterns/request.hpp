#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/datatype.hpp"
#include "core/units.hpp"

namespace weft {

/// How tokens choose experts.
struct RouterOptions {
  std::string kind = "uniform";  ///< uniform, lognormal, powerlaw
  double max_over_mean = 1.0;    ///< load of the most popular expert over the mean (lognormal, powerlaw)
};

/// What the user asked every pattern for: flags, parsed and validated. The same on every rank.
struct Request {
  Bytes min_bytes = 4;         ///< -b, per rank
  Bytes max_bytes = 16 << 20;  ///< -e
  double factor = 4;           ///< -f
  std::vector<Datatype> dtypes = {Datatype::f32};
  std::vector<ReduceOp> ops = {ReduceOp::sum};
  std::vector<std::string> algorithms;  ///< empty: each collective's own default; "all"; "native"
  bool in_place = false;
  std::string model = "deepseek-v4-pro";  ///< a name in models/ or the path of a config.json
  std::string models_directory;           ///< where the named models lie
  std::uint64_t tokens = 4096;            ///< per rank and micro-batch
  RouterOptions router;
  int routings = 4;  ///< different routings drawn beforehand and cycled
  int micro_batches = 8;
  int stages = 0;                      ///< 0: as many as ranks
  int virtual_stages = 2;              ///< of each stage, where the schedule interleaves them
  std::string schedule = "all";        ///< pipeline: a name of the registry of schedules, or all
  Nanoseconds forward_ns = 1'000'000;  ///< pipeline: emulated compute of one micro-batch's forward pass on one stage
  Nanoseconds backward_ns = 2'000'000;
  std::optional<Nanoseconds> weight_ns;  ///< the weight gradient's part of backward_ns; none: half of it
  std::uint64_t seed = 1;
};

/// Throws UsageError where request.tokens is none, or so many that sizes in bytes would be beyond any machine.
void check_tokens(const Request& request);

}  // namespace weft
