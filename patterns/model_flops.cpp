#include "patterns/model_flops.hpp"

#include <optional>

#include <fmt/format.h>

#include "patterns/model_parameters.hpp"

namespace weft {

namespace {

constexpr double kMultiplyAdd = 2;

/// A token of sparse attention sees a part of the sequence that the shape does not tell.
bool attends_sparsely(const Model& model) { return model.type == "deepseek_v4" || model.type.ends_with("_dsa"); }

/// Values that a query head multiplies with one token's key, and weighs of its value; none where they are not known.
std::optional<double> score_values(const Model& model) {
  if (model.heads == 0 || attends_sparsely(model)) return {};
  if (model.kv_rank > 0) {
    if (model.plain_head_values == 0 || model.v_head_values == 0) return {};
    return static_cast<double>(model.plain_head_values + model.rotary_head_values + model.v_head_values);
  }
  if (model.head_values == 0) return {};
  return static_cast<double>(2 * model.head_values);
}

}  // namespace

TokenFlops token_flops(const Model& model, std::uint64_t sequence_length) {
  const double seen = static_cast<double>(sequence_length) / 2;
  const double experts = static_cast<double>(model.top_k) / static_cast<double>(model.experts);
  return {.projections = kMultiplyAdd * attention_parameters(model).value_or(0),
          .scores = kMultiplyAdd * seen * static_cast<double>(model.heads) * score_values(model).value_or(0),
          .router = kMultiplyAdd * router_parameters(model),
          .shared = kMultiplyAdd * shared_expert_parameters(model),
          .routed = kMultiplyAdd * routed_expert_parameters(model) * experts,
          .dense = kMultiplyAdd * dense_network_parameters(model).value_or(0),
          .head = kMultiplyAdd * embedding_parameters(model).value_or(0)};
}

double model_flops(const Model& model, std::uint64_t sequence_length) {
  const TokenFlops flops = token_flops(model, sequence_length);
  const auto moe_layers = static_cast<double>(model.moe_layers());
  return moe_layers * flops.moe_layer() + (static_cast<double>(model.layers) - moe_layers) * flops.dense_layer() +
         flops.head;
}

std::vector<std::string> flops_left_out(const Model& model) {
  std::vector<std::string> sentences;
  const auto missing = [&](const std::string& what, const std::string& why) {
    sentences.push_back(fmt::format("FLOPs of {} of {} are left out: {}", what, model.name, why));
  };
  const std::string no_shape = "its file does not give their shape";
  if (!attention_parameters(model)) missing("attention's projections", no_shape);
  if (!score_values(model))
    missing("attention's scores", attends_sparsely(model) ? "its attention is sparse" : no_shape);
  if (model.moe_layers() < model.layers && !dense_network_parameters(model))
    missing("networks of layers without experts", no_shape);
  if (!embedding_parameters(model)) missing("the output projection", "its file does not give the vocabulary");
  return sentences;
}

RankFlops rank_flops(const ParallelLayout& layout, const Model& model) {
  const TokenFlops flops = token_flops(model, layout.sequence_length);
  const double tokens = static_cast<double>(layout.attention_tokens()) / static_cast<double>(layout.tensor);
  return {.moe_pass = tokens * flops.moe_layer(),
          .dense_pass = tokens * flops.dense_layer(),
          .head_pass = tokens * flops.head};
}

double stage_flops(const ParallelLayout& layout, const RankFlops& flops, const StageWork& work) {
  // With DualPipe either end has a head, and half of the micro-batches pass it.
  const std::uint64_t head_passes = work.heads * layout.micro_batches() / stage_copies(layout);
  return static_cast<double>(work.moe_passes) * flops.moe_pass +
         static_cast<double>(work.dense_passes()) * flops.dense_pass +
         static_cast<double>(head_passes) * flops.head_pass;
}

}  // namespace weft
