#include "patterns/dispatch_points.hpp"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "core/error.hpp"
#include "patterns/dispatch_workload.hpp"
#include "patterns/dispatchers/registry.hpp"
#include "patterns/route_by_token.hpp"
#include "patterns/token_bytes.hpp"

namespace weft {

namespace {

/// Bytes of one copy.
Bytes copy_bytes(const TokenDispatcher& dispatcher, DispatchDirection direction, const Model& model) {
  if (direction == DispatchDirection::combine) return token_bytes(TokenFormat::bf16, model.hidden);
  return token_bytes(TokenFormat::fp8, model.hidden) + dispatcher.metadata_bytes(model.top_k, false);
}

Bytes busiest(const TokenDispatcher& dispatcher, DispatchDirection direction, const std::vector<Exchange>& exchanges) {
  const auto bytes = direction == DispatchDirection::dispatch ? dispatcher.dispatch_bytes : dispatcher.combine_bytes;
  Bytes sum = 0;
  for (const Exchange& exchange : exchanges) {
    Bytes most = 0;
    for (int rank = 0; rank < exchange.ranks(); ++rank) most = std::max(most, bytes(exchange, rank));
    sum += most;
  }
  return sum / exchanges.size();
}

void check_size(const Model& model, const Request& request, int ranks) {
  constexpr double kMostSteps = 1e9;  // seconds of planning
  const double each = static_cast<double>(model.top_k) * ranks * ranks;
  if (static_cast<double>(request.tokens) * each > kMostSteps)
    throw UsageError(
        fmt::format("--dispatcher: {} tokens on each of {} ranks take too long to plan token by token: give "
                    "--tokens {:.0f} or fewer",
                    request.tokens, ranks, kMostSteps / each));
}

Point point_of(const TokenDispatcher& dispatcher, DispatchDirection direction, std::vector<Exchange> exchanges,
               const Model& model, const Point& like) {
  Point point = like;
  const bool out = direction == DispatchDirection::dispatch;
  point.operation = out ? "dispatch" : "combine";
  point.algorithm = dispatcher.name;
  point.dtype = out ? Datatype::fp8 : Datatype::bf16;
  point.notes["dispatcher"] = dispatcher.name;
  for (Exchange& exchange : exchanges) exchange.token_bytes = copy_bytes(dispatcher, direction, model);
  point.notes["bytes_per_token"] = fmt::format("{}", exchanges.front().token_bytes);
  point.refused = dispatcher.refuses(exchanges.front());
  if (!point.refused.empty()) return point;
  point.bytes_per_rank = busiest(dispatcher, direction, exchanges);
  point.bytes_per_peer = point.bytes_per_rank / static_cast<Bytes>(std::max(1, exchanges.front().ranks() - 1));
  point.build = [&dispatcher, exchanges, direction](int rank) {
    return std::make_unique<DispatchWorkload>(dispatcher, exchanges, direction, rank);
  };
  return point;
}

}  // namespace

std::vector<Point> dispatch_points(const Decisions& decisions, const Model& model, const Request& request, int ranks,
                                   const Point& like) {
  std::vector<Point> points;
  if (request.dispatchers.empty()) return points;
  check_size(model, request, ranks);
  std::vector<Exchange> exchanges;
  const ExpertLayout layout{.ranks = ranks, .ranks_per_node = request.ranks_per_node, .placement = request.placement};
  for (const auto& routing : route_by_token(decisions, model, layout))
    exchanges.push_back({.routing = routing, .ranks_per_node = std::min(request.ranks_per_node, ranks)});
  for (const std::string& name : request.dispatchers)
    for (const DispatchDirection direction : {DispatchDirection::dispatch, DispatchDirection::combine})
      points.push_back(point_of(dispatchers::registry().find(name), direction, exchanges, model, like));
  return points;
}

}  // namespace weft
