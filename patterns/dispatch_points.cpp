#include "patterns/dispatch_points.hpp"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "core/error.hpp"
#include "patterns/dispatch_workload.hpp"
#include "patterns/dispatchers/registry.hpp"
#include "patterns/expert_exchange.hpp"
#include "patterns/route_by_token.hpp"
#include "patterns/token_bytes.hpp"

namespace weft {

namespace {

/// Bytes of one copy.
Bytes copy_bytes(const TokenDispatcher& dispatcher, const ExpertExchange& exchange, const Model& model) {
  const Bytes token = token_bytes(exchange.format, model.hidden);
  return exchange.to_experts ? token + dispatcher.metadata_bytes(model.top_k, exchange.backward) : token;
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

/// Empty, or why not.
std::string refusal(const TokenDispatcher& dispatcher, DispatchDirection direction, const Exchange& exchange) {
  if (direction == DispatchDirection::combine && exchange.token_bytes % kSummedBytes != 0)
    return fmt::format(
        "a token of {} bytes cannot be added up as numbers of {}: take a hidden size that is a multiple "
        "of 8, or another --combine-format",
        exchange.token_bytes, kSummedBytes);
  return dispatcher.refuses(exchange);
}

/// Every rank looks for its tokens among those of all.
void check_size(const TokenRouting& routing) {
  constexpr double kMostSteps = 1e9;  // seconds of planning
  const double each = static_cast<double>(routing.top_k()) * routing.ranks() * routing.ranks();
  if (static_cast<double>(routing.tokens()) * each > kMostSteps)
    throw UsageError(
        fmt::format("--dispatcher: {} tokens on each of {} ranks take too long to plan token by token: {:.0f} do not",
                    routing.tokens(), routing.ranks(), kMostSteps / each));
}

Point point_of(const TokenDispatcher& dispatcher, const ExpertExchange& what, std::vector<Exchange> exchanges,
               const Model& model, const Point& like) {
  Point point = like;
  const DispatchDirection direction = what.to_experts ? DispatchDirection::dispatch : DispatchDirection::combine;
  point.operation = what.name;
  point.algorithm = dispatcher.name;
  point.dtype = datatype_of(what.format);
  point.notes["dispatcher"] = dispatcher.name;
  point.notes["format"] = name_of(what.format);
  for (Exchange& exchange : exchanges) {
    exchange.token_bytes = copy_bytes(dispatcher, what, model);
    exchange.notify = !what.backward;
  }
  point.notes["bytes_per_token"] = fmt::format("{}", exchanges.front().token_bytes);
  point.refused = refusal(dispatcher, direction, exchanges.front());
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
  const ExpertLayout layout{.ranks = ranks, .ranks_per_node = request.ranks_per_node, .placement = request.placement};
  std::vector<Exchange> exchanges;
  for (const auto& routing : route_by_token(decisions, model, layout)) {
    check_size(*routing);
    exchanges.push_back({.routing = routing, .ranks_per_node = std::min(request.ranks_per_node, ranks)});
  }
  for (const std::string& name : request.dispatchers)
    for (const ExpertExchange& what : expert_exchanges(request))
      points.push_back(point_of(dispatchers::registry().find(name), what, exchanges, model, like));
  return points;
}

}  // namespace weft
