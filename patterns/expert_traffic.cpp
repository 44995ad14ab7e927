#include "patterns/expert_traffic.hpp"

#include <string>

#include "patterns/expert_spread.hpp"
#include "patterns/rank_groups.hpp"
#include "patterns/token_bytes.hpp"

namespace weft {

namespace {

/// Copies of a token that a rank sends in one part of a dispatch, and how many of them leave the rank.
struct Hop {
  std::string where;
  double copies;
  double leaving;
  double ranks;  ///< that take part, and the nodes that they lie on
  double on_nodes;
};

std::vector<Hop> hops_of(Dispatcher dispatcher, const Model& model, const ExpertSpread& spread) {
  const auto top_k = static_cast<double>(model.top_k);
  const double ranks = spread.ranks;
  const double nodes = spread.nodes;
  switch (dispatcher) {
    case Dispatcher::flat:
    case Dispatcher::low_latency:
      return {{"", top_k, top_k * (ranks - 1) / ranks, ranks, nodes}};
    case Dispatcher::hierarchical:
      return {{", between nodes", spread.distinct_nodes, spread.distinct_nodes * (nodes - 1) / nodes, nodes, nodes},
              {", inside a node", spread.distinct_ranks, spread.distinct_ranks * (ranks - nodes) / ranks, ranks / nodes,
               1}};
    case Dispatcher::node_all_gather:
      return {{", between nodes", nodes, nodes - 1, nodes, nodes},
              {", inside a node", top_k, top_k * (ranks - nodes) / ranks, ranks / nodes, 1}};
  }
  return {};
}

double tokens_of(const ParallelLayout& layout) { return static_cast<double>(layout.tokens()); }

double dispatched_bytes(const ParallelLayout& layout, const Model& model) {
  const Bytes header = layout.dispatcher == Dispatcher::low_latency ? kLowLatencyHeader : 0;
  return static_cast<double>(header + token_bytes(layout.dispatch_format, model.hidden));
}

double combined_bytes(const ParallelLayout& layout, const Model& model) {
  return static_cast<double>(token_bytes(layout.combine_format, model.hidden));
}

/// Passes forward of a step, those that are repeated counted twice.
std::uint64_t forward_passes(const ParallelLayout& layout, const StageWork& work) {
  return work.moe_passes * (layout.full_recompute ? 2 : 1);
}

void add_exchanges(const ParallelLayout& layout, const Model& model, const ExpertSpread& spread, const StageWork& work,
                   std::vector<CallTraffic>& calls) {
  struct Exchange {
    std::string name;
    double token;
    std::uint64_t calls;
  };
  // The gradient of a combine is a dispatch, that of a dispatch a combine, in the formats of either.
  const std::uint64_t forward = forward_passes(layout, work);
  const Exchange exchanges[] = {{"dispatch forward", dispatched_bytes(layout, model), forward},
                                {"combine forward", combined_bytes(layout, model), forward},
                                {"dispatch backward", dispatched_bytes(layout, model), work.moe_passes},
                                {"combine backward", combined_bytes(layout, model), work.moe_passes}};
  for (const Exchange& exchange : exchanges)
    for (const Hop& hop : hops_of(layout.dispatcher, model, spread))
      calls.push_back({.dimension = "ep",
                       .call = exchange.name + hop.where,
                       .formula = "EP",
                       .calls = exchange.calls,
                       .bytes = tokens_of(layout) * hop.copies * exchange.token,
                       .wire = tokens_of(layout) * hop.leaving * exchange.token,
                       .ranks = hop.ranks,
                       .nodes = hop.on_nodes});
}

/// What goes before and beside the tokens. Counts are exchanged only where a layer routes anew, that is forward; the
/// backward dispatch is DeepEP's cached one, whose metadata is the source alone.
void add_metadata(const ParallelLayout& layout, const Model& model, const ExpertSpread& spread, const StageWork& work,
                  std::vector<CallTraffic>& calls) {
  const auto experts = static_cast<double>(model.experts);
  const double elsewhere = (spread.ranks - 1) / spread.ranks;
  const auto add = [&](const std::string& call, std::uint64_t number, double bytes, double wire) {
    calls.push_back({.dimension = "ep",
                     .call = call,
                     .formula = "EP",
                     .calls = number,
                     .bytes = bytes,
                     .wire = wire,
                     .ranks = spread.ranks});
  };
  const std::uint64_t forward = forward_passes(layout, work);
  switch (layout.dispatcher) {
    case Dispatcher::flat:
    case Dispatcher::node_all_gather: {
      add("all-gather of token counts", forward, 8 * experts, 8 * experts * (spread.ranks - 1));
      calls.back().collective = Collective::all_gather;
      const double weights = tokens_of(layout) * static_cast<double>(model.top_k) * 4;
      add("probabilities forward", forward, weights, weights * elsewhere);
      add("probabilities backward", work.moe_passes, weights, weights * elsewhere);
      break;
    }
    case Dispatcher::hierarchical: {
      const double per_node = spread.ranks / spread.nodes;
      const double of_node = 4 * (per_node + experts / spread.nodes + 1);
      const double of_rank = 4 * (spread.nodes + experts / spread.ranks + 1);
      add("notify, between nodes", forward, spread.nodes * of_node, (spread.nodes - 1) * of_node);
      calls.back().ranks = calls.back().nodes = spread.nodes;
      add("notify, inside a node", forward, per_node * of_rank, (per_node - 1) * of_rank);
      calls.back().ranks = per_node;
      calls.back().nodes = 1;
      const double with_experts = tokens_of(layout) * static_cast<double>(dispatch_metadata_bytes(model.top_k));
      const double of_source = tokens_of(layout) * static_cast<double>(dispatch_metadata_bytes(0));
      for (const Hop& hop : hops_of(layout.dispatcher, model, spread)) {
        const auto add_hop = [&](const char* call, std::uint64_t number, double bytes) {
          add(call + hop.where, number, bytes * hop.copies, bytes * hop.leaving);
          calls.back().ranks = hop.ranks;
          calls.back().nodes = hop.on_nodes;
        };
        add_hop("metadata forward", forward, with_experts);
        add_hop("metadata backward", work.moe_passes, of_source);
      }
      break;
    }
    case Dispatcher::low_latency:
      add("expert counts", forward, 4 * experts, 4 * experts * elsewhere);
      break;
  }
}

/// Ranks that share experts gather what each of them was sent, and give back their part of the sum.
void add_expert_tensor(const ParallelLayout& layout, const Model& model, const ExpertSpread& spread,
                       const StageWork& work, std::vector<CallTraffic>& calls) {
  const double copies =
      layout.dispatcher == Dispatcher::hierarchical ? spread.distinct_ranks : static_cast<double>(model.top_k);
  const auto others = static_cast<double>(layout.expert_tensor - 1);
  const std::uint64_t number = forward_passes(layout, work) + work.moe_passes;
  const double gathered = tokens_of(layout) * copies * dispatched_bytes(layout, model);
  const double reduced = tokens_of(layout) * copies * combined_bytes(layout, model);
  calls.push_back({.dimension = "etp",
                   .call = "all-gather",
                   .formula = "ETP",
                   .calls = number,
                   .bytes = gathered,
                   .wire = gathered * others,
                   .collective = Collective::all_gather,
                   .ranks = others + 1});
  calls.push_back({.dimension = "etp",
                   .call = "reduce-scatter",
                   .formula = "ETP",
                   .calls = number,
                   .bytes = reduced * (others + 1),
                   .wire = reduced * others,
                   .collective = Collective::reduce_scatter,
                   .ranks = others + 1});
}

}  // namespace

ExpertSpread expert_spread(const ParallelLayout& layout, const Model& model) {
  const std::uint64_t nodes = node_span(rank_groups(layout, "ep"), layout.ranks_per_node).most;
  ExpertSpread spread{.ranks = static_cast<double>(layout.expert), .nodes = static_cast<double>(nodes)};
  if (layout.dispatcher != Dispatcher::hierarchical) return spread;
  const std::vector<double> distinct = expected_destinations(model, {layout.expert, nodes});
  spread.distinct_ranks = distinct[0];
  spread.distinct_nodes = distinct[1];
  return spread;
}

std::vector<CallTraffic> expert_traffic(const ParallelLayout& layout, const Model& model, const ExpertSpread& spread,
                                        const StageWork& work) {
  std::vector<CallTraffic> calls;
  add_exchanges(layout, model, spread, work, calls);
  add_metadata(layout, model, spread, work, calls);
  add_expert_tensor(layout, model, spread, work, calls);
  return calls;
}

std::uint64_t all_to_alls(const ParallelLayout& layout, const StageWork& work) {
  return layout.expert == 1 ? 0 : 2 * (forward_passes(layout, work) + work.moe_passes);
}

}  // namespace weft
