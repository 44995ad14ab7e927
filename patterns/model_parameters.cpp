#include "patterns/model_parameters.hpp"

#include <algorithm>

namespace weft {

namespace {

double real(std::uint64_t value) { return static_cast<double>(value); }

bool shares_keys_and_values(const Model& model) { return model.type == "deepseek_v4"; }

bool is_latent(const Model& model) { return model.kv_rank > 0; }

double latent_attention(const Model& model) {
  const double heads = real(model.heads);
  const double query_head = real(model.plain_head_values + model.rotary_head_values);
  const double queries = model.q_rank == 0 ? real(model.hidden) * heads * query_head
                                           : real(model.q_rank) * (real(model.hidden) + heads * query_head);
  return queries + real(model.hidden) * real(model.kv_rank + model.rotary_head_values) +
         real(model.kv_rank) * heads * real(model.plain_head_values + model.v_head_values) +
         heads * real(model.v_head_values) * real(model.hidden);
}

double v4_attention(const Model& model) {
  const double heads = real(model.heads) * real(model.head_values);
  const double queries = real(model.q_rank) * (real(model.hidden) + heads);
  const double keys = real(model.hidden) * real(model.kv_heads) * real(model.head_values);
  return queries + keys + real(model.output_rank) * (heads + real(model.output_groups) * real(model.hidden));
}

}  // namespace

double routed_expert_parameters(const Model& model) {
  return 3 * real(model.experts) * real(model.hidden) * real(model.expert_intermediate);
}

double router_parameters(const Model& model) { return real(model.hidden) * real(model.experts); }

double shared_expert_parameters(const Model& model) {
  return 3 * real(model.shared_experts) * real(model.hidden) * real(model.expert_intermediate);
}

std::optional<double> dense_network_parameters(const Model& model) {
  if (model.dense_intermediate == 0) return {};
  return 3 * real(model.hidden) * real(model.dense_intermediate);
}

std::optional<double> embedding_parameters(const Model& model) {
  if (model.vocabulary == 0) return {};
  return real(model.hidden) * real(model.vocabulary);
}

std::optional<double> attention_parameters(const Model& model) {
  if (model.heads == 0) return {};
  if (shares_keys_and_values(model)) {
    if (model.q_rank == 0 || model.output_rank == 0 || model.output_groups == 0 || model.head_values == 0)
      return model.derived_attention > 0 ? std::optional(model.derived_attention) : std::nullopt;
    return v4_attention(model);
  }
  if (is_latent(model)) {
    if (model.plain_head_values == 0 || model.v_head_values == 0) return {};
    return latent_attention(model);
  }
  if (model.kv_heads == 0 || model.head_values == 0) return {};
  return 2 * real(model.hidden) * real(model.head_values) * real(model.heads + model.kv_heads);
}

double attention_left(const Model& model, double active) {
  const double moe_layers = real(model.moe_layers());
  const double routed = real(model.top_k) / real(model.experts) * routed_expert_parameters(model);
  const double others = moe_layers * (routed + shared_expert_parameters(model) + router_parameters(model)) +
                        (real(model.layers) - moe_layers) * dense_network_parameters(model).value_or(0) +
                        2 * embedding_parameters(model).value_or(0);
  return std::max(0.0, (active - others) / real(model.layers));
}

std::optional<double> key_value_values(const Model& model) {
  if (is_latent(model)) return real(model.kv_rank + model.rotary_head_values);
  if (model.kv_heads == 0 || model.head_values == 0) return {};
  return (shares_keys_and_values(model) ? 1 : 2) * real(model.kv_heads) * real(model.head_values);
}

}  // namespace weft
