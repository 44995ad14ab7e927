#include "patterns/sweep.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include <fmt/format.h>

#include "core/error.hpp"
#include "patterns/algorithms.hpp"
#include "patterns/collective_workload.hpp"

namespace weft {

namespace {

bool has_blocks(Collective collective) {
  return collective == Collective::reduce_scatter || collective == Collective::all_gather ||
         collective == Collective::all_to_all;
}

bool reduces(Collective collective) {
  return collective == Collective::all_reduce || collective == Collective::reduce_scatter;
}

/// One line of the sweep: everything but size and algorithm.
struct Series {
  const Operation* operation = nullptr;
  Call call;
  std::uint64_t last_count = std::numeric_limits<std::uint64_t>::max();
  bool measured = false;
};

/// The calls that take turns.
std::vector<Call> calls_of(const Operation& operation, const Call& call) {
  if (operation.pairings == nullptr) return {call};
  std::vector<Call> calls;
  for (Pairing& pairing : operation.pairings(call.ranks)) {
    calls.push_back(call);
    calls.back().pairing = std::make_shared<const Pairing>(std::move(pairing));
  }
  return calls;
}

/// Times of pairs, each of which has a program of its own.
RefusedWays refused_by_pairs(const std::string& pattern) {
  return {.no_common_start = "without a common start a pair's time holds what its ranks waited for in the round before",
          .start_by_messages = {},
          .batch = fmt::format("{} takes its rounds in turn, so a sample is one call", pattern),
          .trace = fmt::format("shows one program, and {} has one for each of its rounds: trace send_recv", pattern)};
}

Point make_point(const std::string& pattern, const Operation& operation, const Call& call, const Choice& choice) {
  Point point = point_of_call(pattern, operation, call);
  point.call = call;
  point.algorithm = choice.name;
  point.automatic = choice.automatic;
  point.refused = choice.refused;
  if (operation.by_pair) {
    point.pairings = operation.pairings(call.ranks);
    point.refused_ways = refused_by_pairs(pattern);
  }
  const std::vector<Call> calls = calls_of(operation, call);
  const auto build = [calls](const Algorithm* algorithm, int rank, const std::shared_ptr<const Nodes>& nodes) {
    std::vector<Call> mine = calls;
    for (Call& each : mine) {
      each.rank = rank;
      each.nodes = nodes;
    }
    return std::make_unique<CollectiveWorkload>(algorithm, std::move(mine));
  };
  point.build = [build, algorithm = choice.algorithm, nodes = call.nodes](int rank) {
    return build(algorithm, rank, nodes);
  };
  if (choice.automatic) point.build_as = build;
  if (choice.algorithm != nullptr && choice.algorithm->by_node)
    point.on_nodes = [pattern, operation, call, choice](const std::shared_ptr<const Nodes>& nodes) {
      Call placed = call;
      placed.nodes = nodes;
      Choice chosen = choice;
      chosen.refused = choice.algorithm->refuses(placed);
      return make_point(pattern, operation, placed, chosen);
    };
  return point;
}

std::vector<Series> all_series(const std::vector<Operation>& operations, const Request& request, int ranks) {
  std::vector<Series> all;
  for (const Datatype dtype : request.dtypes) {
    for (const ReduceOp op : request.ops) {
      for (const Operation& operation : operations) {
        Call call;
        call.collective = operation.collective;
        call.both_ways = operation.both_ways;
        call.ranks = ranks;
        call.dtype = dtype;
        call.op = op;
        call.in_place = request.in_place;
        const bool op_matters = reduces(call.collective) || op == request.ops.front();
        if (op_matters) all.push_back({.operation = &operation, .call = call});
      }
    }
  }
  return all;
}

/// Adds the points of one size, and keeps in mind what the series has had.
void add_points(const std::string& pattern, const Request& request, Bytes size, Series& series,
                std::vector<Point>& points) {
  series.call.count = size / unit_of(series.call);
  if (series.call.count == series.last_count || (series.call.count == 0 && size != 0)) return;
  series.last_count = series.call.count;
  const std::string refused = refuses_call(*series.operation, series.call);
  if (!refused.empty()) {
    if (!series.measured)
      points.push_back(make_point(pattern, *series.operation, series.call, {.name = kNative, .refused = refused}));
    series.measured = true;
    return;
  }
  for (const Choice& choice : choose_algorithms(request.algorithms, series.call))
    if (!choice.absent || !series.measured)
      points.push_back(make_point(pattern, *series.operation, series.call, choice));
  series.measured = true;
}

std::vector<Point> plan_barrier(const std::string& pattern, const Operation& operation, const Request& request,
                                int ranks) {
  Call call;
  call.collective = operation.collective;
  call.ranks = ranks;
  call.dtype = Datatype::u8;
  std::vector<Point> points;
  for (const Choice& choice : choose_algorithms(request.algorithms, call))
    points.push_back(make_point(pattern, operation, call, choice));
  return points;
}

}  // namespace

Bytes unit_of(const Call& call) {
  return call.element() * (has_blocks(call.collective) ? static_cast<Bytes>(call.ranks) : 1);
}

double busbw_once(int) { return 1; }
double busbw_all_reduce(int ranks) { return 2.0 * (ranks - 1) / ranks; }
double busbw_blocks(int ranks) { return 1.0 * (ranks - 1) / ranks; }

Point point_of_call(const std::string& pattern, const Operation& operation, const Call& call) {
  Point point;
  point.pattern = pattern;
  point.operation = operation.name;
  point.dtype = call.dtype;
  point.op = call.op;
  point.reduces = reduces(call.collective);
  point.bytes_per_rank = call.count * unit_of(call);
  point.bytes_per_peer = call.collective == Collective::all_to_all ? call.block() : point.bytes_per_rank;
  point.busbw_factor = operation.busbw_factor(call.ranks);
  point.time_divisor = operation.time_divisor;
  return point;
}

std::string refuses_call(const Operation& operation, const Call& call) {
  if (call.collective == Collective::send_recv && call.ranks < 2) return "send_recv needs at least 2 ranks";
  if (call.in_place && !has_in_place(call.collective))
    return fmt::format("{} has no in-place form: leave out --in-place", operation.name);
  if (reduces(call.collective) && !reducible(call.dtype))
    return fmt::format("{} cannot be reduced, only moved: use bf16, f16 or f32 for {}", name_of(call.dtype),
                       operation.name);
  return {};
}

std::vector<Bytes> sweep_sizes(Bytes min, Bytes max, double factor) {
  if (!(factor > 1))
    throw UsageError(fmt::format("--factor {}: sizes grow only by a factor above 1, such as 2 or 4", factor));
  if (min > max)
    throw UsageError(fmt::format("--min-bytes {} is more than --max-bytes {}", format_bytes(min), format_bytes(max)));
  std::vector<Bytes> sizes;
  Bytes size = min;
  while (true) {
    sizes.push_back(size);
    const double next = std::max(std::round(static_cast<double>(size) * factor), static_cast<double>(size) + 1);
    if (next > static_cast<double>(max)) return sizes;
    size = static_cast<Bytes>(next);
  }
}

std::vector<Point> plan_sweep(const std::string& pattern, const std::vector<Operation>& operations,
                              const Request& request, int ranks) {
  if (operations.front().collective == Collective::barrier)
    return plan_barrier(pattern, operations.front(), request, ranks);
  std::vector<Series> all = all_series(operations, request, ranks);
  std::vector<Point> points;
  for (const Bytes size : sweep_sizes(request.min_bytes, request.max_bytes, request.factor))
    for (Series& series : all) add_points(pattern, request, size, series, points);
  for (const Series& series : all)
    if (!series.measured)
      throw UsageError(
          fmt::format("--max-bytes {} is less than one {} for each block of {} on {} ranks: at least {} "
                      "is needed",
                      format_bytes(request.max_bytes), name_of(series.call.dtype), pattern, ranks,
                      format_bytes(unit_of(series.call))));
  return points;
}

Pattern sweep_pattern(std::string name, std::string summary, std::vector<Operation> operations) {
  Pattern pattern;
  pattern.name = name;
  pattern.summary = std::move(summary);
  for (const Operation& operation : operations) pattern.collectives.push_back(operation.collective);
  pattern.plan = [name = std::move(name), operations = std::move(operations)](const Request& request, int ranks) {
    return plan_sweep(name, operations, request, ranks);
  };
  return pattern;
}

}  // namespace weft
