#include <algorithm>
#include <iterator>
#include <memory>
#include <numeric>

#include <fmt/format.h>

#include "core/error.hpp"
#include "patterns/algorithms.hpp"
#include "patterns/collective_workload.hpp"
#include "patterns/dispatch_points.hpp"
#include "patterns/expert_exchange.hpp"
#include "patterns/model.hpp"
#include "patterns/registry.hpp"
#include "patterns/routing_facts.hpp"
#include "patterns/token_bytes.hpp"

namespace weft::patterns::moe {

namespace {

using Matrices = std::vector<std::shared_ptr<const TrafficMatrix>>;

/// What the tokens of one router do, over all routings.
struct Traffic {
  RouterOptions router;
  std::unique_ptr<Decisions> decisions;
  std::vector<Routing> routings;
  std::vector<RoutingFact> facts;  ///< means over the routings
};

/// How much a set of matrices moves: means over the routings of what the busiest rank sends or receives.
struct Volume {
  Bytes remote = 0;
  Bytes with_local = 0;
};

double fact(const Traffic& traffic, std::string_view name) {
  return std::find_if(traffic.facts.begin(), traffic.facts.end(), [&](const RoutingFact& f) { return f.name == name; })
      ->measured;
}

Traffic route_tokens(const Model& model, const RouterOptions& router, const Request& request, int ranks) {
  const ExpertLayout layout{.ranks = ranks, .ranks_per_node = request.ranks_per_node, .placement = request.placement};
  Traffic traffic{
      .router = router, .decisions = make_decisions(router, model, request, ranks), .routings = {}, .facts = {}};
  traffic.routings = count_routings(*traffic.decisions, model, layout);
  traffic.facts = mean_facts(traffic.routings, model, layout);
  return traffic;
}

/// Bytes from rank to rank: dispatch as routed, combine the other way round.
Matrices matrices_of(const Traffic& traffic, Bytes bytes_per_token, bool to_experts) {
  Matrices matrices;
  for (const Routing& routing : traffic.routings) {
    const auto n = static_cast<std::size_t>(routing.ranks);
    auto matrix = std::make_shared<TrafficMatrix>(n * n);
    for (std::size_t from = 0; from < n; ++from)
      for (std::size_t to = 0; to < n; ++to)
        (*matrix)[to_experts ? from * n + to : to * n + from] = routing.copies[from * n + to] * bytes_per_token;
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
      {"experts", fmt::format("{}", model.experts)},
      {"top_k", fmt::format("{}", model.top_k)},
      {"seed", fmt::format("{}", request.seed)},
      {"placement", describe(request.placement)},
      {"ranks_per_node", fmt::format("{}", request.ranks_per_node)},
      {"dispatcher", "flat"},  // a copy for each token and expert: none is spared where two experts share a rank
  };
  if (model.groups > model.top_groups) notes["groups"] = fmt::format("{} of {}", model.top_groups, model.groups);
  if (model.hidden % kScaleBlock != 0) notes["fp8_scales"] = "last block short";
  return notes;
}

/// What the router decided, as notes: the busiest rank's share has a column of its own.
void note_routing(const Traffic& traffic, std::map<std::string, std::string>& notes) {
  notes["router"] = describe(traffic.router);
  notes["routings"] = fmt::format("{}", traffic.routings.size());
  notes["tokens"] = fmt::format("{:.0f}", fact(traffic, "tokens_per_rank"));
  for (const RoutingFact& fact : traffic.facts) {
    if (fact.name == "tokens_per_rank" || fact.name == "rank_imbalance") continue;
    const bool whole = fact.name.starts_with("expert_moves");
    notes[fact.name] = whole ? fmt::format("{:.0f}", fact.measured) : fmt::format("{:.3f}", fact.measured);
    if (fact.name.starts_with("distinct")) notes[fact.name + "_uniform"] = fmt::format("{:.3f}", fact.uniform);
  }
}

Point first_point(const ExpertExchange& exchange, const Model& model, const Request& request) {
  Point point;
  point.pattern = "moe";
  point.operation = exchange.name;
  point.dtype = datatype_of(exchange.format);
  point.call.collective = Collective::all_to_allv;
  point.call.dtype = point.dtype;
  point.notes = notes_of(model, request);
  point.notes["format"] = name_of(exchange.format);
  point.notes["bytes_per_token"] = fmt::format("{}", token_bytes(exchange.format, model.hidden));
  return point;
}

auto builder(const Call& call, const Matrices& matrices) {
  return [call, matrices](const Algorithm* algorithm, int rank, const std::shared_ptr<const Nodes>& nodes) {
    std::vector<Call> calls;
    for (const auto& matrix : matrices) {
      calls.push_back(call);
      calls.back().rank = rank;
      calls.back().nodes = nodes;
      calls.back().matrix = matrix;
    }
    return std::make_unique<CollectiveWorkload>(algorithm, std::move(calls));
  };
}

/// Points for all algorithms.
void add_points(const ExpertExchange& exchange, const Model& model, const Traffic& traffic, const Request& request,
                int ranks, std::vector<Point>& points) {
  Point point = first_point(exchange, model, request);
  const Matrices matrices = matrices_of(traffic, token_bytes(exchange.format, model.hidden), exchange.to_experts);
  const Volume volume = volume_of(matrices, static_cast<std::size_t>(ranks));
  point.call.ranks = ranks;
  point.call.matrix = matrices.front();
  point.bytes_per_rank = volume.remote;
  point.logical_bytes = volume.with_local;
  const Bytes all = std::accumulate(matrices.front()->begin(), matrices.front()->end(), Bytes{0});
  point.bytes_per_peer = all / static_cast<Bytes>(ranks) / static_cast<Bytes>(ranks);
  point.imbalance = fact(traffic, "rank_imbalance");
  point.routing = traffic.facts;
  note_routing(traffic, point.notes);
  for (const Choice& choice : choose_algorithms(request.algorithms, point.call)) {
    point.algorithm = choice.name;
    point.automatic = choice.automatic;
    point.refused = choice.refused;
    point.build_as = builder(point.call, matrices);
    point.build = [build = point.build_as, algorithm = choice.algorithm](int rank) {
      return build(algorithm, rank, nullptr);
    };
    points.push_back(point);
    if (choice.algorithm != nullptr && choice.algorithm->by_node)
      points.back().on_nodes = [point, algorithm = choice.algorithm](const auto& nodes) {
        Point placed = point;
        placed.call.nodes = nodes;
        placed.refused = algorithm->refuses(placed.call);
        placed.build = [build = placed.build_as, algorithm, nodes](int rank) { return build(algorithm, rank, nodes); };
        return placed;
      };
  }
}

/// Points are told apart by what they move: two routers that route alike would give one point twice.
void refuse_equal_points(const std::vector<Point>& points) {
  const auto same = [](const Point& a, const Point& b) {
    return a.operation == b.operation && a.algorithm == b.algorithm && a.bytes_per_rank == b.bytes_per_rank &&
           a.bytes_per_peer == b.bytes_per_peer;
  };
  for (std::size_t i = 0; i < points.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if ((points[i].refused.empty() || points[i].on_nodes) && same(points[i], points[j]))
        throw UsageError(fmt::format("--router: {} and {} route these tokens alike, name one of them",
                                     points[j].notes.at("router"), points[i].notes.at("router")));
}

std::vector<Point> plan_moe(const Request& request, int ranks) {
  check_tokens(request);
  drawn_routings(request);
  const Model model = load_model(request.model, request.models_directory);
  const std::vector<ExpertExchange> exchanges = expert_exchanges(request);
  std::vector<Point> points;
  if (static_cast<std::uint64_t>(ranks) > model.experts) {
    for (const ExpertExchange& exchange : exchanges) {
      Point point = first_point(exchange, model, request);
      point.algorithm = kNative;
      point.refused = fmt::format("{} has {} experts a layer: at most as many ranks can hold one each, not {}",
                                  model.name, model.experts, ranks);
      points.push_back(std::move(point));
    }
    return points;
  }
  for (const RouterOptions& router : request.routers) {
    const Traffic traffic = route_tokens(model, router, request, ranks);
    for (const ExpertExchange& exchange : exchanges) add_points(exchange, model, traffic, request, ranks, points);
    Point like = first_point(exchanges.front(), model, request);
    like.call = {};
    like.imbalance = fact(traffic, "rank_imbalance");
    note_routing(traffic, like.notes);
    std::vector<Point> by_token = dispatch_points(*traffic.decisions, model, request, ranks, like);
    std::move(by_token.begin(), by_token.end(), std::back_inserter(points));
  }
  refuse_equal_points(points);
  return points;
}

}  // namespace

Pattern entry() {
  Pattern pattern;
  pattern.name = "moe";
  pattern.summary = "expert parallelism: dispatch of tokens to experts drawn by a router, and combine; their gradients";
  pattern.collectives = {Collective::all_to_allv};
  pattern.shaped_by_model = true;
  pattern.plan = plan_moe;
  return pattern;
}

}  // namespace weft::patterns::moe
