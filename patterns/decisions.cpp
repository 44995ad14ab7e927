#include "patterns/decisions.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "patterns/draw.hpp"
#include "patterns/hash_router.hpp"
#include "patterns/popularity.hpp"
#include "patterns/replay.hpp"
#include "patterns/router.hpp"

namespace weft {

namespace {

class DrawnDecisions : public Decisions {
 public:
  DrawnDecisions(RouterOptions router, const Model& model, const DrawShape& shape, int routings)
      : router_(std::move(router)), model_(model), shape_(shape), routings_(static_cast<std::size_t>(routings)) {
    check_draws(shape_, routings_);
  }

  std::vector<std::uint64_t> each_token(const TokenAction& token) const override {
    for (std::size_t routing = 0; routing < routings_; ++routing) draw_routing(routing, token);
    return ranks_in_order(shape_.ranks);
  }

 private:
  void draw_routing(std::size_t routing, const TokenAction& token) const {
    if (router_.kind == "hash") {
      draw_tokens(HashRouter(model_, router_.value, shape_.seed, routing), routing, shape_, token);
    } else if (router_.kind == "one-hot") {
      const std::uint64_t hot = (shape_.seed + routing) % shape_.ranks;
      const std::vector<double> loads = one_hot_loads(router_.value, model_.experts, model_.top_k, shape_.ranks, hot);
      draw_tokens(Router(popularity_for(loads), model_, shape_.seed, routing), routing, shape_, token);
    } else {
      draw_tokens(Router(model_, router_, shape_.seed, routing), routing, shape_, token);
    }
  }

  RouterOptions router_;
  Model model_;
  DrawShape shape_;
  std::size_t routings_;
};

}  // namespace

std::unique_ptr<Decisions> make_decisions(const RouterOptions& router, const Model& model, const Request& request,
                                          int ranks) {
  const std::vector<std::string>& kinds = router_kinds();
  if (std::find(kinds.begin(), kinds.end(), router.kind) == kinds.end())
    throw UsageError(unknown_name("router", router.kind, kinds));
  if (router.kind == "replay") return make_replay(router.file, model, request, ranks);
  const int routings = drawn_routings(request);
  check_tokens(request);
  const DrawShape shape{
      .tokens = request.tokens, .ranks = static_cast<std::size_t>(ranks), .top_k = model.top_k, .seed = request.seed};
  return std::make_unique<DrawnDecisions>(router, model, shape, routings);
}

}  // namespace weft
