#include <memory>
#include <numeric>

#include <fmt/format.h>

#include "core/error.hpp"
#include "patterns/algorithms.hpp"
#include "patterns/collective_workload.hpp"
#include "patterns/model.hpp"
#include "patterns/registry.hpp"
#include "patterns/router.hpp"
#include "patterns/token_bytes.hpp"

namespace weft {

namespace {

constexpr int kMostRoutings = 1024;
constexpr std::uint64_t kMostDraws = std::uint64_t{1} << 27;  // a few seconds of planning

using Matrices = std::vector<std::shared_ptr<const TrafficMatrix>>;

/// What the tokens of one request do, over all routings. Means over the routings.
struct Traffic {
  std::vector<Routing> routings;
  double rank_imbalance = 0;    ///< max/mean over ranks of the tokens received
  double expert_imbalance = 0;  ///< max/mean over experts
};

/// How much a set of matrices moves: means over the routings of what the busiest rank sends or receives.
struct Volume {
  Bytes remote = 0;
  Bytes with_local = 0;
};

void check(const Request& request, int ranks) {
  check_tokens(request);
  if (request.routings < 1 || request.routings > kMostRoutings)
    throw UsageError(fmt::format("--routings {}: from 1 to {} routings are needed", request.routings, kMostRoutings));
  const std::uint64_t draws =
      request.tokens * static_cast<std::uint64_t>(ranks) * static_cast<std::uint64_t>(request.routings);
  if (draws > kMostDraws)
    throw UsageError(fmt::format(
        "--tokens {} on {} ranks in {} routings are {} tokens to be routed beforehand: at most {} are, give fewer",
        request.tokens, ranks, request.routings, draws, kMostDraws));
}

Traffic draw_traffic(const Model& model, const Request& request, int ranks) {
  Traffic traffic;
  const auto n = static_cast<std::size_t>(ranks);
  for (int i = 0; i < request.routings; ++i) {
    const Router router(model, request.router, request.seed, static_cast<std::uint64_t>(i));
    traffic.routings.push_back(route(router, model, request.tokens, ranks));
    const Routing& routing = traffic.routings.back();
    std::vector<std::uint64_t> received(n);
    for (std::size_t pair = 0; pair < n * n; ++pair) received[pair % n] += routing.copies[pair];
    traffic.rank_imbalance += max_over_mean(received) / request.routings;
    traffic.expert_imbalance += max_over_mean(routing.experts) / request.routings;
  }
  return traffic;
}

/// Bytes from rank to rank: dispatch as routed, combine the other way round.
Matrices matrices_of(const Traffic& traffic, Bytes token_bytes, bool back) {
  Matrices matrices;
  for (const Routing& routing : traffic.routings) {
    const auto n = static_cast<std::size_t>(routing.ranks);
    auto matrix = std::make_shared<TrafficMatrix>(n * n);
    for (std::size_t from = 0; from < n; ++from)
      for (std::size_t to = 0; to < n; ++to)
        (*matrix)[back ? to * n + from : from * n + to] = routing.copies[from * n + to] * token_bytes;
    matrices.push_back(std::move(matrix));
  }
  return matrices;
}

Volume volume_of(const Matrices& matrices, std::size_t n) {
  Volume sum;
  for (const auto& matrix : matrices) {
    std::vector<Bytes> sent(n);
    std::vector<Bytes> received(n);
    Volume busiest;
    for (std::size_t pair = 0; pair < n * n; ++pair) {
      sent[pair / n] += (*matrix)[pair];
      received[pair % n] += (*matrix)[pair];
    }
    for (std::size_t rank = 0; rank < n; ++rank) {
      const Bytes most = std::max(sent[rank], received[rank]);
      busiest.with_local = std::max(busiest.with_local, most);
      busiest.remote = std::max(busiest.remote, most - (*matrix)[rank * n + rank]);
    }
    sum.with_local += busiest.with_local;
    sum.remote += busiest.remote;
  }
  return {.remote = sum.remote / matrices.size(), .with_local = sum.with_local / matrices.size()};
}

std::map<std::string, std::string> notes_of(const Model& model, const Request& request) {
  std::map<std::string, std::string> notes = {
      {"model", model.name},
      {"tokens", fmt::format("{}", request.tokens)},
      {"experts", fmt::format("{}", model.experts)},
      {"top_k", fmt::format("{}", model.top_k)},
      {"router", request.router.kind == "uniform"
                     ? request.router.kind
                     : fmt::format("{} {}", request.router.kind, request.router.max_over_mean)},
      {"routings", fmt::format("{}", request.routings)},
      {"seed", fmt::format("{}", request.seed)},
      {"dispatcher", "flat"},  // a copy for each token and expert: none is spared where two experts share a rank
  };
  if (model.groups > model.top_groups) notes["groups"] = fmt::format("{} of {}", model.top_groups, model.groups);
  if (model.hidden % kScaleBlock != 0) notes["fp8_scales"] = "last block short";
  return notes;
}

/// One of the two directions: points for all algorithms.
struct Direction {
  std::string name;
  Datatype dtype;
  Bytes token_bytes;
  bool back;
};

Point first_point(const Direction& direction, const Model& model, const Request& request) {
  Point point;
  point.pattern = "moe";
  point.operation = direction.name;
  point.dtype = direction.dtype;
  point.call.collective = Collective::all_to_allv;
  point.call.dtype = direction.dtype;
  point.notes = notes_of(model, request);
  point.notes["bytes_per_token"] = fmt::format("{}", direction.token_bytes);
  return point;
}

std::function<std::unique_ptr<Workload>(int)> builder(const Call& call, const Matrices& matrices,
                                                      const Algorithm* algorithm) {
  return [call, matrices, algorithm](int rank) {
    std::vector<Call> calls;
    for (const auto& matrix : matrices) {
      calls.push_back(call);
      calls.back().rank = rank;
      calls.back().matrix = matrix;
    }
    return std::make_unique<CollectiveWorkload>(algorithm, std::move(calls));
  };
}

void add_points(const Direction& direction, const Traffic& traffic, Point point, const Request& request, int ranks,
                std::vector<Point>& points) {
  const Matrices matrices = matrices_of(traffic, direction.token_bytes, direction.back);
  const Volume volume = volume_of(matrices, static_cast<std::size_t>(ranks));
  point.call.ranks = ranks;
  point.call.matrix = matrices.front();
  point.bytes_per_rank = volume.remote;
  point.logical_bytes = volume.with_local;
  const Bytes all = std::accumulate(matrices.front()->begin(), matrices.front()->end(), Bytes{0});
  point.bytes_per_peer = all / static_cast<Bytes>(ranks) / static_cast<Bytes>(ranks);
  point.imbalance = traffic.rank_imbalance;
  point.notes["expert_imbalance"] = fmt::format("{:.3f}", traffic.expert_imbalance);
  for (const Choice& choice : choose_algorithms(request.algorithms, point.call)) {
    point.algorithm = choice.name;
    point.automatic = choice.automatic;
    point.refused = choice.refused;
    point.build = builder(point.call, matrices, choice.algorithm);
    if (choice.automatic) point.build_native = builder(point.call, matrices, nullptr);
    points.push_back(point);
  }
}

std::vector<Point> plan_moe(const Request& request, int ranks) {
  check(request, ranks);
  const Model model = load_model(request.model, request.models_directory);
  // As DeepSeek-V3 and V4 send them (the technical reports).
  const Direction directions[] = {{.name = "dispatch",
                                   .dtype = Datatype::fp8,
                                   .token_bytes = token_bytes(TokenFormat::fp8, model.hidden),
                                   .back = false},
                                  {.name = "combine",
                                   .dtype = Datatype::bf16,
                                   .token_bytes = token_bytes(TokenFormat::bf16, model.hidden),
                                   .back = true}};
  const bool fits = static_cast<std::uint64_t>(ranks) <= model.experts;
  const Traffic traffic = fits ? draw_traffic(model, request, ranks) : Traffic{};
  std::vector<Point> points;
  for (const Direction& direction : directions) {
    Point point = first_point(direction, model, request);
    if (fits) {
      add_points(direction, traffic, std::move(point), request, ranks, points);
    } else {
      point.algorithm = kNative;
      point.refused = fmt::format("{} has {} experts a layer: at most as many ranks can hold one each, not {}",
                                  model.name, model.experts, ranks);
      points.push_back(std::move(point));
    }
  }
  return points;
}

}  // namespace

namespace patterns {

Pattern moe() {
  Pattern pattern;
  pattern.name = "moe";
  pattern.summary = "expert parallelism: dispatch of tokens to experts drawn by a router (FP8), and combine (BF16)";
  pattern.collectives = {Collective::all_to_allv};
  pattern.shaped_by_model = true;
  pattern.plan = plan_moe;
  return pattern;
}

}  // namespace patterns

}  // namespace weft
