#include "patterns/data_traffic.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "patterns/model_parameters.hpp"

namespace weft {

namespace {

void add_parameters(const ParallelLayout& layout, const std::string& dimension, std::uint64_t replicas,
                    double parameters, std::vector<CallTraffic>& calls) {
  const auto ranks = static_cast<double>(replicas * stage_copies(layout));
  const double buckets = std::ceil(parameters / std::max(40e6, 1e6 * ranks));
  const auto add = [&](const std::string& call, Collective collective, Datatype type, double rounds) {
    const double bytes = parameters * static_cast<double>(size_of(type)) / std::max(1.0, buckets);
    calls.push_back({.dimension = dimension,
                     .call = call,
                     .formula = "DP",
                     .calls = static_cast<std::uint64_t>(buckets),
                     .bytes = bytes,
                     .wire = bytes * rounds * (ranks - 1) / ranks,
                     .collective = collective,
                     .ranks = ranks});
  };
  if (layout.distributed_optimizer) {
    add("reduce-scatter of gradients", Collective::reduce_scatter, layout.gradient_type, 1);
    add("all-gather of parameters", Collective::all_gather, layout.parameter_type, 1);
  } else {
    add("all-reduce of gradients", Collective::all_reduce, layout.gradient_type, 2);
  }
}

}  // namespace

RankParameters rank_parameters(const ParallelLayout& layout, const Model& model, const StageWork& work) {
  const auto tensor = static_cast<double>(layout.tensor);
  const auto layers = static_cast<double>(work.layers);
  const auto moe_layers = static_cast<double>(work.moe_layers);
  const auto vocabularies = static_cast<double>(work.embeddings + work.heads);
  const double divided = layers * attention_parameters(model).value_or(0) +
                         (layers - moe_layers) * dense_network_parameters(model).value_or(0) +
                         moe_layers * shared_expert_parameters(model) +
                         vocabularies * embedding_parameters(model).value_or(0);
  const auto expert_ranks = static_cast<double>(layout.expert * layout.expert_tensor);
  return {.dense = divided / tensor + moe_layers * router_parameters(model),
          .experts = moe_layers * routed_expert_parameters(model) / expert_ranks};
}

std::vector<CallTraffic> data_traffic(const ParallelLayout& layout, const Model& model, const StageWork& work) {
  const RankParameters parameters = rank_parameters(layout, model, work);
  std::vector<CallTraffic> calls;
  add_parameters(layout, "dp-cp", layout.data() * layout.context, parameters.dense, calls);
  add_parameters(layout, "edp", layout.expert_data(), parameters.experts, calls);
  return calls;
}

}  // namespace weft
