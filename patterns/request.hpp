#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/datatype.hpp"
#include "core/units.hpp"
#include "patterns/placement.hpp"
#include "patterns/token_bytes.hpp"

namespace weft {

/// How tokens choose experts.
struct RouterOptions {
  std::string kind = "uniform";  ///< of router_kinds()
  double value = 1.0;  ///< lognormal, powerlaw: load of the busiest expert over the mean; one-hot: load of the
                       ///< hot rank's experts over it; hash: exponent of the token ids' Zipf distribution
  std::string file;    ///< replay: the recording
};

/// What RouterOptions::kind may be.
const std::vector<std::string>& router_kinds();

/// As the flag has it: "uniform", "lognormal:2", "replay:trace.jsonl".
std::string describe(const RouterOptions& router);

/// Which part of a recording is replayed; not given: all of it.
struct ReplaySelection {
  std::optional<std::uint64_t> step;
  std::optional<std::uint64_t> layer;
};

/// TFLOP/s that a rank is taken for where nothing is said: BF16 of an Ascend 910C die, the reference workload's device.
inline constexpr double kReferencePeak = 376;

/// What the user asked every pattern for: flags, parsed and validated. The same on every rank.
struct Request {
  Bytes min_bytes = 4;         ///< -b, per rank
  Bytes max_bytes = 16 << 20;  ///< -e
  double factor = 4;           ///< -f
  std::vector<Datatype> dtypes = {Datatype::f32};
  std::vector<ReduceOp> ops = {ReduceOp::sum};
  std::vector<std::string> algorithms;  ///< empty: each collective's own default; "all"; "native"
  bool in_place = false;
  std::string model = "deepseek-v4-pro";                   ///< a name in models/ or the path of a config.json
  std::string models_directory;                            ///< where the named models lie
  std::uint64_t tokens = 4096;                             ///< per rank and micro-batch
  std::vector<RouterOptions> routers = {RouterOptions{}};  ///< each gives points of its own
  std::optional<int>
      routings;  ///< different routings that are cycled; not given: drawn_routings(), or all recorded ones
  ReplaySelection replay;
  PlacementOptions placement;
  int ranks_per_node = 8;  ///< of the nodes that a hierarchical placement and the count of distinct nodes take
  std::vector<std::string> dispatchers;            ///< moe: programs that move token by token, beside the all-to-all-v
  bool forward_pass = true;                        ///< moe: dispatch and combine
  bool backward_pass = false;                      ///< moe: the exchanges of their gradients
  TokenFormat dispatch_format = TokenFormat::fp8;  ///< moe: of tokens on their way to the experts, bf16 or fp8
  TokenFormat combine_format = TokenFormat::bf16;  ///< moe: of the results on their way back, bf16 or logfmt10
  int micro_batches = 8;
  int stages = 0;                      ///< 0: as many as ranks
  int virtual_stages = 2;              ///< of each stage, where the schedule interleaves them
  std::string schedule = "all";        ///< pipeline: a name of the registry of schedules, or all
  Nanoseconds forward_ns = 1'000'000;  ///< pipeline: emulated compute of one micro-batch's forward pass on one stage
  Nanoseconds backward_ns = 2'000'000;
  std::optional<Nanoseconds> weight_ns;            ///< the weight gradient's part of backward_ns; none: half of it
  std::string layout = "deepseek-v4-pro-a3-1024";  ///< training_step: a name in layouts/ there, or a path
  std::string layout_model;                        ///< in the layout's own model's place; empty: its own
  std::optional<int> shrink;                       ///< training_step: divisor of sequence and parameters
  std::optional<double> peak_tflops;               ///< training_step: of a rank; none: kReferencePeak
  double efficiency = 0.5;                         ///< training_step: share of the peak that compute reaches
  std::string goal;                                ///< goal: the file of the schedule
  Bytes goal_eager = 0;                            ///< goal: sends up to here end as they start
  double victim_share = 0.2;                       ///< congest: of the ranks
  Bytes aggressor_bytes = 64 << 10;                ///< congest: of a message of the other ranks'
  std::uint64_t seed = 1;
};

/// The most routings that are cycled, drawn or recorded.
inline constexpr int kMostRoutings = 1024;

/// How many routings are drawn. Throws UsageError where request.routings is none, or beyond kMostRoutings.
int drawn_routings(const Request& request);

/// Throws UsageError where request.tokens is none, or so many that sizes in bytes would be beyond any machine.
void check_tokens(const Request& request);

}  // namespace weft
