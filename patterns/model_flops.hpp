#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "patterns/model.hpp"
#include "patterns/parallel_layout.hpp"
#include "patterns/stage_work.hpp"

namespace weft {

/// A backward pass computes the gradients of inputs and of weights, each as much as the forward pass.
inline constexpr double kBackwardOfForward = 2;

/// FLOPs of one token's forward pass, a multiply-add counted as two: twice the parameters that the token meets
/// (model_parameters.hpp), and attention's products of activations. What the model's file does not say is 0. Norms,
/// activation functions, the softmax, residual streams and multi-token prediction are left out.
struct TokenFlops {
  // Of every layer.
  double projections = 0;  ///< attention's matrices
  double scores = 0;  ///< queries times keys and weights times values, causal: a token sees half of the sequence on the
                      ///< mean, s/2 x 2 H (d_qk + d_v); latent attention is not absorbed (d_qk = n + r, d_v = v)
  // Of a layer with experts.
  double router = 0;  ///< 2 h E
  double shared = 0;  ///< shared experts, 2 x 3 h f each
  double routed = 0;  ///< k of 2 x 3 h f
  // Of a layer without.
  double dense = 0;  ///< its network, 2 x 3 h f_dense
  // Once, on the last stage.
  double head = 0;  ///< output projection, 2 h x vocabulary; the embedding is looked up

  double attention() const { return projections + scores; }
  double moe_layer() const { return attention() + router + shared + routed; }
  double dense_layer() const { return attention() + dense; }
};

/// For sequences of so many tokens.
TokenFlops token_flops(const Model& model, std::uint64_t sequence_length);

/// Of one token's forward pass through the whole model.
double model_flops(const Model& model, std::uint64_t sequence_length);

/// Sentences: which parts token_flops leaves out since the model's file does not give them. Those of attention's scores
/// too where the model's type says that attention is sparse (DeepSeek-V4, DSA): how much is not in its shape.
std::vector<std::string> flops_left_out(const Model& model);

/// Forward FLOPs of one rank. Work is divided evenly: over the tensor and context ranks of a sequence, and by uniform
/// routing over expert ranks.
struct RankFlops {
  double moe_pass = 0;    ///< of a micro-batch through a layer with experts
  double dense_pass = 0;  ///< through a layer without
  double head_pass = 0;   ///< through the output projection
};
RankFlops rank_flops(const ParallelLayout& layout, const Model& model);

/// Forward FLOPs of a rank of the stage in a step, what full recompute repeats not counted.
double stage_flops(const ParallelLayout& layout, const RankFlops& flops, const StageWork& work);

}  // namespace weft
