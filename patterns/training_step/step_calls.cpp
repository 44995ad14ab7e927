#include "patterns/training_step/step_calls.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "patterns/algorithms.hpp"
#include "patterns/attention_traffic.hpp"
#include "patterns/data_traffic.hpp"
#include "patterns/expert_traffic.hpp"
#include "patterns/model_parameters.hpp"
#include "patterns/stage_work.hpp"
#include "patterns/token_bytes.hpp"

namespace weft {

namespace {

const Bytes kActivation = size_of(Datatype::bf16);

Bytes whole(double bytes) { return static_cast<Bytes>(std::ceil(bytes)); }

class CallWriter {
 public:
  CallWriter(const StepPlan& plan, int rank) : plan_(plan), rank_(rank) {}

  StepCalls write() {
    for (std::size_t routing = 0; routing < plan_.exchanges.size(); ++routing) write_expert(routing);
    write_expert_tensor();
    write_tensor();
    write_context();
    write_parameters();
    return std::move(calls_);
  }

 private:
  const ParallelLayout& layout() const { return plan_.layout(); }
  const Model& model() const { return plan_.model(); }
  const std::vector<int>& group(const char* dimension) const { return plan_.groups.at(dimension).of(rank_); }
  int place(const char* dimension) const { return plan_.groups.at(dimension).place(rank_); }

  /// `call` lacks rank and ranks. Nothing where the group has one rank or nothing to send.
  CallSequence add(StepLane lane, const std::string& what, const std::vector<int>& ranks, Call call,
                   const Algorithm* algorithm = nullptr) {
    const bool empty = call.collective == Collective::all_to_allv
                           ? std::all_of(call.matrix->begin(), call.matrix->end(), [](Bytes b) { return b == 0; })
                           : call.count == 0;
    if (ranks.size() < 2 || empty) return {};
    call.ranks = static_cast<int>(ranks.size());
    call.rank = static_cast<int>(std::find(ranks.begin(), ranks.end(), rank_) - ranks.begin());
    if (algorithm == nullptr) algorithm = choose_algorithms({}, call).front().algorithm;
    calls_.all.push_back({.name = fmt::format("{} {}", name_of(lane), what),
                          .lane = static_cast<int>(lane),
                          .algorithm = algorithm,
                          .call = std::move(call),
                          .ranks = ranks});
    return {static_cast<int>(calls_.all.size()) - 1};
  }

  static Call moved(Collective collective, Bytes bytes) {
    return {.collective = collective, .count = bytes, .dtype = Datatype::u8};
  }
  static Call exchange(const ExchangeMatrices::Matrix& matrix) {
    return {.collective = Collective::all_to_allv, .dtype = Datatype::u8, .matrix = matrix};
  }
  static void append(CallSequence& sequence, const CallSequence& more) {
    sequence.insert(sequence.end(), more.begin(), more.end());
  }

  /// Ranks of the expert group at this rank's place in every node, and those of its node.
  std::vector<int> across_nodes() const {
    const std::vector<int>& all = group("ep");
    const std::size_t per_node = all.size() / static_cast<std::size_t>(plan_.expert_nodes());
    std::vector<int> ranks;
    for (std::size_t i = static_cast<std::size_t>(place("ep")) % per_node; i < all.size(); i += per_node)
      ranks.push_back(all[i]);
    return ranks;
  }
  std::vector<int> inside_node() const {
    const std::vector<int>& all = group("ep");
    const std::size_t per_node = all.size() / static_cast<std::size_t>(plan_.expert_nodes());
    const auto first =
        all.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(place("ep")) / per_node * per_node);
    return {first, first + static_cast<std::ptrdiff_t>(per_node)};
  }

  CallSequence between(const std::string& what, const ExchangeMatrices::Hops& hops) {
    const std::vector<int> node = inside_node();
    const auto at = static_cast<std::size_t>(std::find(node.begin(), node.end(), rank_) - node.begin());
    return add(StepLane::ep, what + " between nodes", across_nodes(), exchange(hops.between[at]));
  }
  CallSequence inside(const std::string& what, const ExchangeMatrices::Hops& hops) {
    const std::vector<int> nodes = across_nodes();
    const auto at = static_cast<std::size_t>(std::find(nodes.begin(), nodes.end(), rank_) - nodes.begin());
    return add(StepLane::ep, what + " inside a node", inside_node(), exchange(hops.inside[at]));
  }

  /// Out: to the nodes, then on inside them. Back: the other way round.
  CallSequence hops(const std::string& what, const ExchangeMatrices::Hops& hops, bool back) {
    if (!plan_.by_node()) return add(StepLane::ep, what, group("ep"), exchange(hops.whole));
    CallSequence sequence = back ? inside(what, hops) : between(what, hops);
    append(sequence, back ? between(what, hops) : inside(what, hops));
    return sequence;
  }

  CallSequence gather_counts(const std::string& where, const std::vector<int>& ranks, double bytes) {
    return add(StepLane::ep, "counts" + where, ranks, moved(Collective::all_gather, whole(bytes)),
               &collectives::find(Collective::all_gather, "bruck"));
  }

  /// What says how many tokens will come.
  CallSequence counts() {
    const auto experts = static_cast<double>(model().experts);
    const auto ranks = static_cast<double>(layout().expert);
    const auto nodes = static_cast<double>(plan_.expert_nodes());
    switch (layout().dispatcher) {
      case Dispatcher::hierarchical: {
        CallSequence both = gather_counts(" between nodes", across_nodes(), 4 * (ranks / nodes + experts / nodes + 1));
        append(both, gather_counts(" inside a node", inside_node(), 4 * (nodes + experts / ranks + 1)));
        return both;
      }
      case Dispatcher::low_latency:
        return gather_counts("", group("ep"), 4 * experts / ranks);
      case Dispatcher::flat:
      case Dispatcher::node_all_gather:
        return gather_counts("", group("ep"), 8 * experts);
    }
    return {};
  }

  void write_expert(std::size_t routing) {
    const ExchangeMatrices& exchanges = plan_.exchanges[routing];
    const std::string of = fmt::format(", routing {}", routing);
    if (routing == 0) counts_ = counts();
    StepCalls::Expert& calls = calls_.expert.emplace_back();
    calls.dispatch_forward = counts_;
    append(calls.dispatch_forward, hops("dispatch forward" + of, exchanges.dispatch_forward, false));
    calls.combine = hops("combine" + of, exchanges.combine, true);
    calls.dispatch_backward = hops("dispatch backward" + of, exchanges.dispatch_backward, false);
  }

  void write_expert_tensor() {
    const ExpertSpread spread = expert_spread(layout(), model());
    const double copies =
        layout().dispatcher == Dispatcher::hierarchical ? spread.distinct_ranks : static_cast<double>(model().top_k);
    const double tokens = static_cast<double>(layout().tokens()) * copies;
    const auto out = static_cast<double>(token_bytes(layout().dispatch_format, model().hidden));
    calls_.expert_tensor_gather =
        add(StepLane::etp, "all-gather", group("etp"), moved(Collective::all_gather, whole(tokens * out)));
    calls_.expert_tensor_scatter = add(StepLane::etp, "reduce-scatter", group("etp"),
                                       {.collective = Collective::reduce_scatter,
                                        .count = whole(tokens * static_cast<double>(model().hidden)),
                                        .dtype = Datatype::bf16});
  }

  void write_tensor() {
    const std::uint64_t values = layout().attention_tokens() * model().hidden;
    if (layout().sequence_parallel) {
      calls_.tensor_before = add(StepLane::tp, "all-gather", group("tp"),
                                 moved(Collective::all_gather, values / layout().tensor * kActivation));
      calls_.tensor_after =
          add(StepLane::tp, "reduce-scatter", group("tp"),
              {.collective = Collective::reduce_scatter, .count = values / layout().tensor, .dtype = Datatype::bf16});
    } else {
      calls_.tensor_after = add(StepLane::tp, "all-reduce", group("tp"),
                                {.collective = Collective::all_reduce, .count = values, .dtype = Datatype::bf16});
    }
  }

  /// Every rank to the next one, or back; the last has none.
  Call shift(Bytes bytes, bool back) const {
    const std::size_t ranks = group("cp").size();
    auto matrix = std::make_shared<TrafficMatrix>(ranks * ranks, 0);
    for (std::size_t rank = 0; rank + 1 < ranks; ++rank)
      (*matrix)[back ? (rank + 1) * ranks + rank : rank * ranks + rank + 1] = bytes;
    return exchange(matrix);
  }

  void write_context() {
    const ContextShapes shapes = context_shapes(layout(), model());
    for (std::size_t kind = 0; kind < 2; ++kind) {
      CallSequence& forward = calls_.context_forward[kind];
      CallSequence& backward = calls_.context_backward[kind];
      const ContextShapes::Layer& layer = shapes.layers[kind];
      append(forward, add(StepLane::cp, "last entries", group("cp"), shift(layer.boundary, false)));
      append(forward, add(StepLane::cp, "all-gather", group("cp"), moved(Collective::all_gather, layer.gathered)));
      append(backward, add(StepLane::cp, "reduce-scatter", group("cp"),
                           {.collective = Collective::reduce_scatter,
                            .count = layer.gathered / kActivation,
                            .dtype = Datatype::bf16}));
      append(backward, add(StepLane::cp, "gradients of last entries", group("cp"), shift(layer.boundary, true)));
      const CallSequence swap = add(StepLane::cp, "all-to-all", group("cp"),
                                    moved(Collective::all_to_all, layer.exchanged / layout().context));
      for (int tensor = 0; tensor < 4 && !swap.empty(); ++tensor) {  // queries, keys, values, output
        append(forward, swap);
        append(backward, swap);
      }
    }
  }

  /// The ranks that have the same parameters: of the mirrored stage too, where the schedule keeps two copies.
  std::vector<int> replicas(const char* dimension) const {
    std::vector<int> ranks = group(dimension);
    if (stage_copies(layout()) == 1) return ranks;
    const std::vector<int>& pipeline = group("pp");
    const auto stage = static_cast<std::size_t>(place("pp"));
    const std::size_t mirrored = pipeline.size() - 1 - stage;
    const int apart = pipeline[mirrored] - pipeline[stage];
    const std::size_t own = ranks.size();
    for (std::size_t i = 0; i < own; ++i) ranks.push_back(ranks[i] + apart);
    std::sort(ranks.begin(), ranks.end());
    return ranks;
  }

  StepCalls::Parameters parameters(StepLane lane, int stage, const std::vector<int>& ranks, double count) {
    const std::string of = fmt::format(" of stage {}", stage);
    const auto size = static_cast<double>(ranks.size());
    const double buckets = std::max(1.0, std::ceil(count / std::max(40e6, 1e6 * size)));
    const double bucket = count * plan_.shrunk.scale / buckets;
    const auto share = static_cast<std::uint64_t>(std::ceil(bucket / size));
    StepCalls::Parameters calls;
    if (count == 0) return calls;
    // DeepSeek-V4's report: gradients of experts in BF16 go by all-to-all and are summed where they arrive.
    const bool by_all_to_all =
        model().type == "deepseek_v4" && lane == StepLane::edp && layout().gradient_type == Datatype::bf16;
    const Algorithm* const reducing =
        by_all_to_all ? &collectives::find(Collective::reduce_scatter, "alltoall") : nullptr;
    if (layout().distributed_optimizer) {
      calls.gather = add(lane, "all-gather of parameters" + of, ranks,
                         moved(Collective::all_gather, share * size_of(layout().parameter_type)));
      calls.reduce =
          add(lane, "reduce-scatter of gradients" + of, ranks,
              {.collective = Collective::reduce_scatter, .count = share, .dtype = layout().gradient_type}, reducing);
    } else {
      calls.reduce =
          add(lane, "all-reduce of gradients" + of, ranks,
              {.collective = Collective::all_reduce, .count = whole(bucket), .dtype = layout().gradient_type});
    }
    for (CallSequence* const sequence : {&calls.gather, &calls.reduce}) {
      const CallSequence once = *sequence;
      for (int bucket_number = 1; bucket_number < static_cast<int>(buckets); ++bucket_number) append(*sequence, once);
    }
    return calls;
  }

  void write_parameters() {
    const int copies = static_cast<int>(plan_.schedule->paths(plan_.shape).size());
    const int chunks = copies * plan_.schedule->virtual_stages(plan_.shape);
    for (int chunk = 0; chunk < chunks; ++chunk) {
      const VirtualStage& stage = plan_.stage_at(place("pp"), chunk);
      const auto moe = static_cast<std::uint64_t>(std::count(stage.layers.begin(), stage.layers.end(), char{1}));
      const RankParameters held = rank_parameters(layout(), model(),
                                                  {.layers = stage.layers.size(),
                                                   .moe_layers = moe,
                                                   .embeddings = stage.embeds ? 1U : 0U,
                                                   .heads = stage.predicts ? 1U : 0U});
      calls_.chunks.push_back({.dense = parameters(StepLane::dp_cp, stage.number, replicas("dp-cp"), held.dense),
                               .experts = parameters(StepLane::edp, stage.number, replicas("edp"), held.experts)});
    }
  }

  const StepPlan& plan_;
  int rank_;
  CallSequence counts_;
  StepCalls calls_;
};

}  // namespace

const char* name_of(StepLane lane) {
  static constexpr const char* kNames[kStepLanes] = {"compute", "tp", "etp", "cp", "ep", "dp-cp", "edp"};
  return kNames[static_cast<std::size_t>(lane)];
}

StepCalls step_calls(const StepPlan& plan, int rank) { return CallWriter(plan, rank).write(); }

}  // namespace weft
