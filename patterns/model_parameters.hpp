#pragma once

#include <optional>

#include "patterns/model.hpp"

namespace weft {

/// Numbers of parameters, of the matrices only: norms, biases and multi-token prediction are left out. `double`, since
/// a model of the largest members would have more than 64 bits.

/// Routed experts of one layer: 3 E h f (gate, up and down projection).
double routed_expert_parameters(const Model& model);

/// Router and shared experts of a layer with experts: h E, and 3 h f for each.
double router_parameters(const Model& model);
double shared_expert_parameters(const Model& model);

/// Feed-forward network of a layer without experts: 3 h f_dense; none where the model does not say how wide it is.
std::optional<double> dense_network_parameters(const Model& model);

/// Token embedding, and as much again the output projection: h x vocabulary; none where the model does not say.
std::optional<double> embedding_parameters(const Model& model);

/// Attention of one layer, of whichever kind the model's keys describe; none where they do not. H heads of d values:
/// - grouped-query (H, KV, d): 2 h H d + 2 h KV d;
/// - multi-head latent (DeepSeek-V2's report, ranks q and c, head sizes n, r, v):
///   h q + q H (n + r) + h (c + r) + c H (n + v) + H v h;
/// - DeepSeek-V4 (transformers, configuration_deepseek_v4.py: one head of keys that are values too, low-rank queries,
///   output in g groups of rank o): h q + q H d + h KV d + H d o + g o h; compressors and indexers are left out. Where
///   its ranks are not published but the number of active parameters is: what the other parts leave of that.
std::optional<double> attention_parameters(const Model& model);

/// What a published number of active parameters leaves for the attention of one layer; 0 where it leaves nothing.
double attention_left(const Model& model, double active);

/// Values that a token's keys and values have together in one layer, as ranks exchange them under context parallelism:
/// 2 KV d, latent c + r, DeepSeek-V4 KV d; none where the model does not say.
std::optional<double> key_value_values(const Model& model);

}  // namespace weft
