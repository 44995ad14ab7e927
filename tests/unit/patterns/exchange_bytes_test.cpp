// What the programs of the dispatchers send equals the formulas of docs/layouts.md, byte for byte, for every model in
// every published layout. The formulas hold for uniform routing; so the tokens choose experts that go once round all
// of them, which is uniform exactly: as many tokens of each rank go to each rank and to each node.
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "patterns/dispatchers/registry.hpp"
#include "patterns/expert_traffic.hpp"
#include "patterns/json_file.hpp"
#include "patterns/rank_groups.hpp"
#include "patterns/token_bytes.hpp"
#include "tests/unit/patterns/layouts.hpp"

namespace weft {
namespace {

/// Distances of a token's experts from its first one, which is another for each token.
std::vector<std::uint64_t> distances(const Model& model) {
  std::vector<std::uint64_t> all;
  std::set<std::uint64_t> taken;
  for (std::uint64_t next = 0; all.size() < model.top_k; next += 3 + 2 * all.size()) {
    while (!taken.insert(next % model.experts).second) ++next;
    all.push_back(next % model.experts);
  }
  return all;
}

/// On each of the ranks a token for each expert, which it and the experts at these distances get.
std::shared_ptr<const TokenRouting> uniform_routing(const Model& model, std::uint64_t ranks) {
  std::vector<std::uint32_t> mine;
  for (std::uint64_t token = 0; token < model.experts; ++token)
    for (const std::uint64_t distance : distances(model))
      mine.push_back(static_cast<std::uint32_t>((token + distance) % model.experts));
  return std::make_shared<TokenRouting>(std::vector<std::uint64_t>(ranks, model.experts / ranks), model.top_k,
                                        std::vector<std::vector<std::uint32_t>>(ranks, mine));
}

/// Mean over a rank's tokens of how many blocks of so many ranks they reach.
double mean_reached(const TokenRouting& routing, int block) {
  std::uint64_t reached = 0;
  for (int first = 0; first < routing.ranks(); first += block)
    reached += routing.count_tokens_to(0, first, first + block);
  return static_cast<double>(reached) / static_cast<double>(routing.tokens());
}

/// One expert group of a layout with a model.
struct GroupAndBytes {
  ParallelLayout layout;
  Model model;
  std::uint64_t nodes;
  std::shared_ptr<const TokenRouting> routing;

  GroupAndBytes(ParallelLayout from, const Model& with)
      : layout(std::move(from)),
        model(with),
        nodes(node_span(rank_groups(layout, "ep"), layout.ranks_per_node).most),
        routing(uniform_routing(model, layout.expert)) {
    layout.micro_batch = 1;  // as many tokens on a rank as there are
    layout.sequence_length =
        routing->tokens() * layout.context * (layout.sequence_parallel ? layout.tensor : std::uint64_t{1});
  }
  int per_node() const { return static_cast<int>(layout.expert / nodes); }
  std::string name() const { return layout.name + " with " + model.name; }
};

/// Bytes that leave a rank in one pass, of all calls that begin so.
double formula(const GroupAndBytes& group, Dispatcher dispatcher, const std::vector<std::string>& beginnings) {
  ParallelLayout layout = group.layout;
  layout.dispatcher = dispatcher;
  const ExpertSpread spread{.ranks = static_cast<double>(layout.expert),
                            .nodes = static_cast<double>(group.nodes),
                            .distinct_ranks = mean_reached(*group.routing, 1),
                            .distinct_nodes = mean_reached(*group.routing, group.per_node())};
  StageWork work;
  work.moe_passes = 1;
  double sum = 0;
  for (const CallTraffic& call : expert_traffic(layout, group.model, spread, work))
    for (const std::string& beginning : beginnings)
      if (call.dimension == "ep" && call.call.starts_with(beginning)) sum += call.wire;
  return sum;
}

void expect_bytes(const GroupAndBytes& group, Dispatcher kind) {
  const TokenDispatcher& dispatcher = dispatchers::registry().find(name_of(kind));
  const Bytes out = token_bytes(group.layout.dispatch_format, group.model.hidden);
  const Bytes back = token_bytes(group.layout.combine_format, group.model.hidden);
  const double dispatched = formula(group, kind, {"dispatch forward", "metadata forward", "notify", "expert counts"});
  const double cached = formula(group, kind, {"dispatch backward", "metadata backward"});
  const double combined = formula(group, kind, {"combine forward"});
  const auto exchange = [&](Bytes bytes, bool notify) {
    return Exchange{
        .routing = group.routing, .ranks_per_node = group.per_node(), .token_bytes = bytes, .notify = notify};
  };
  constexpr double kRounding = 0.01;  // bytes
  const int ranks = static_cast<int>(group.layout.expert);
  for (const int rank : {0, ranks / 2, ranks - 1}) {
    const auto sent = [&](Bytes metadata, bool notify) {
      return static_cast<double>(dispatcher.dispatch(exchange(out + metadata, notify), rank).sent_bytes());
    };
    EXPECT_NEAR(sent(dispatcher.metadata_bytes(group.model.top_k, false), true), dispatched, kRounding);
    EXPECT_NEAR(sent(dispatcher.metadata_bytes(group.model.top_k, true), false), cached, kRounding);
    EXPECT_NEAR(static_cast<double>(dispatcher.combine(exchange(back, true), rank).sent_bytes()), combined, kRounding);
    EXPECT_EQ(formula(group, kind, {"combine backward"}), combined);
  }
}

TEST(ExchangeBytes, OfEveryProgramAreTheFormulasForEveryModelAndPublishedLayout) {
  int groups = 0;
  for (const std::string& of : json_names_in(kLayoutsFolder))
    for (const std::string& name : json_names_in(kModelsFolder)) {
      const ParallelLayout layout = load_layout(of, kLayoutsFolder);
      const Model model = load_model(name, kModelsFolder);
      try {
        check_model(layout, model);
      } catch (const UsageError&) {
        continue;  // that these are not the published pairs is the other tests' business
      }
      const GroupAndBytes group(layout, model);
      SCOPED_TRACE(group.name());
      ASSERT_EQ(layout.expert % group.nodes, 0U);
      for (const Dispatcher dispatcher : {Dispatcher::flat, Dispatcher::hierarchical, Dispatcher::low_latency})
        expect_bytes(group, dispatcher);
      ++groups;
    }
  EXPECT_GT(groups, 100);
}

}  // namespace
}  // namespace weft
