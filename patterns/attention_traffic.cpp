#include "patterns/attention_traffic.hpp"

#include <algorithm>
#include <string>

#include "patterns/model_parameters.hpp"

namespace weft {

namespace {

constexpr double kBf16 = 2;
/// DeepSeek-V4: tokens that layers compress into one entry, in turns.
constexpr double kCompressed[] = {4, 128};

struct Passes {
  std::uint64_t forward;  ///< those that are repeated counted twice
  std::uint64_t backward;
};

Passes passes_of(const ParallelLayout& layout, std::uint64_t passes) {
  return {passes * (layout.full_recompute ? 2 : 1), passes};
}

void add_tensor_block(const ParallelLayout& layout, const std::string& block, double message, Passes passes,
                      std::vector<CallTraffic>& calls) {
  const auto ranks = static_cast<double>(layout.tensor);
  const double share = message * (ranks - 1) / ranks;
  const auto add = [&](const std::string& name, Collective collective, std::uint64_t number, double wire) {
    calls.push_back({.dimension = "tp",
                     .call = block + " " + name,
                     .formula = "TP",
                     .calls = number,
                     .bytes = message,
                     .wire = wire,
                     .collective = collective,
                     .ranks = ranks});
  };
  if (layout.sequence_parallel) {
    // The backward pass gathers the input a second time, for the gradient of the weights.
    add("all-gather", Collective::all_gather, passes.forward + 2 * passes.backward, share);
    add("reduce-scatter", Collective::reduce_scatter, passes.forward + passes.backward, share);
  } else {
    add("all-reduce", Collective::all_reduce, passes.forward + passes.backward, 2 * share);
  }
}

/// Tensor ranks have their own key-value heads, as long as there are enough; a latent vector they all have.
double key_value_shares(const ParallelLayout& layout, const Model& model) {
  const std::uint64_t heads = model.kv_rank > 0 ? 1 : std::max<std::uint64_t>(1, model.kv_heads);
  return static_cast<double>(std::min(layout.tensor, heads));
}

CallTraffic context_call(const std::string& call, Collective collective, double ranks, std::uint64_t number,
                         double bytes, double wire) {
  return {.dimension = "cp",
          .call = call,
          .formula = "CP",
          .calls = number,
          .bytes = bytes,
          .wire = wire,
          .collective = collective,
          .ranks = ranks};
}

/// Keys and values to all others of the group; their gradients come back as a reduce-scatter.
void add_key_value_gather(double values, double others, Passes passes, std::vector<CallTraffic>& calls) {
  calls.push_back(context_call("all-gather of keys and values", Collective::all_gather, others + 1, passes.forward,
                               values, values * others));
  calls.push_back(context_call("reduce-scatter of their gradients", Collective::reduce_scatter, others + 1,
                               passes.backward, values * (others + 1), values * others));
}

/// Half of the passes are of either kind of layer.
void add_two_stages(double tokens, double entry, double others, Passes passes, std::vector<CallTraffic>& calls) {
  const auto add = [&](double compressed, Passes part) {
    const std::string of = " of m = " + std::to_string(static_cast<int>(compressed));
    const double boundary = compressed * entry;
    const double gathered = (tokens / compressed + 1) * entry;
    calls.push_back(
        context_call("last entries to the next rank" + of, Collective::send_recv, 2, part.forward, boundary, boundary));
    calls.push_back(context_call("all-gather of compressed entries" + of, Collective::all_gather, others + 1,
                                 part.forward, gathered, gathered * others));
    calls.push_back(context_call("gradients of the last entries" + of, Collective::send_recv, 2, part.backward,
                                 boundary, boundary));
    calls.push_back(context_call("reduce-scatter of gradients" + of, Collective::reduce_scatter, others + 1,
                                 part.backward, gathered * (others + 1), gathered * others));
  };
  add(kCompressed[0], {passes.forward / 2, passes.backward / 2});
  add(kCompressed[1], {passes.forward - passes.forward / 2, passes.backward - passes.backward / 2});
}

}  // namespace

ContextShapes context_shapes(const ParallelLayout& layout, const Model& model) {
  ContextShapes shapes;
  const double tokens = static_cast<double>(layout.attention_tokens());
  const double entry = key_value_values(model).value_or(0) / key_value_shares(layout, model) * kBf16;
  const auto whole = [](double bytes) { return static_cast<Bytes>(bytes); };
  for (std::size_t kind = 0; kind < shapes.layers.size(); ++kind) {
    ContextShapes::Layer& layer = shapes.layers[kind];
    switch (layout.context_exchange) {
      case ContextExchange::none:
        break;
      case ContextExchange::kv_all_gather:
        layer.gathered = whole(tokens * entry);
        break;
      case ContextExchange::v4_two_stage:
        layer.boundary = whole(kCompressed[kind] * entry);
        layer.gathered = whole(tokens / kCompressed[kind] + 1) * whole(entry);
        break;
      case ContextExchange::ulysses:
        layer.exchanged = whole(tokens * static_cast<double>(model.heads * model.head_values) /
                                static_cast<double>(layout.tensor) * kBf16);
        break;
    }
  }
  return shapes;
}

std::vector<CallTraffic> tensor_traffic(const ParallelLayout& layout, const Model& model, const StageWork& work) {
  std::vector<CallTraffic> calls;
  const double message = static_cast<double>(layout.attention_tokens()) * static_cast<double>(model.hidden) * kBf16;
  add_tensor_block(layout, "attention", message, passes_of(layout, work.layer_passes), calls);
  add_tensor_block(layout, "dense network", message, passes_of(layout, work.dense_passes()), calls);
  return calls;
}

std::vector<CallTraffic> context_traffic(const ParallelLayout& layout, const Model& model, const StageWork& work) {
  std::vector<CallTraffic> calls;
  const std::optional<double> values = key_value_values(model);
  const auto others = static_cast<double>(layout.context - 1);
  const auto tokens = static_cast<double>(layout.attention_tokens());
  const Passes passes = passes_of(layout, work.layer_passes);
  const double shares = key_value_shares(layout, model);
  switch (layout.context_exchange) {
    case ContextExchange::none:
      break;
    case ContextExchange::kv_all_gather:
      if (values) add_key_value_gather(tokens * *values / shares * kBf16, others, passes, calls);
      break;
    case ContextExchange::v4_two_stage:
      if (values) add_two_stages(tokens, *values / shares * kBf16, others, passes, calls);
      break;
    case ContextExchange::ulysses: {
      const double one =
          tokens * static_cast<double>(model.heads * model.head_values) / static_cast<double>(layout.tensor) * kBf16;
      calls.push_back(context_call("all-to-all of queries, keys, values, output", Collective::all_to_all, others + 1,
                                   4 * (passes.forward + passes.backward), one, one * others / (others + 1)));
      break;
    }
  }
  return calls;
}

}  // namespace weft
