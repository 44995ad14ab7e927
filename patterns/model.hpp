#pragma once

#include <cstdint>
#include <string>

namespace weft {

/// Bounds of what is taken for a model, so that a router can keep a token's experts on its stack.
inline constexpr std::uint64_t kMostTopK = 64;
inline constexpr std::uint64_t kMostGroups = 64;

/// The shape of a mixture-of-experts model, as far as its traffic depends on it.
struct Model {
  std::string name;          ///< the file's name without .json
  std::uint64_t hidden = 0;  ///< values per token
  std::uint64_t layers = 0;
  std::uint64_t dense_layers = 0;  ///< leading layers without experts
  std::uint64_t moe_step = 1;      ///< every how many-th of the others has experts
  std::uint64_t experts = 0;       ///< routed ones, per layer
  std::uint64_t shared_experts = 0;
  std::uint64_t top_k = 0;                ///< routed experts per token
  std::uint64_t expert_intermediate = 0;  ///< width of one expert
  std::uint64_t groups = 1;               ///< group-limited routing (DeepSeek-V3): experts lie in this many groups …
  std::uint64_t top_groups = 1;           ///< … of which a token may use so many
  std::uint64_t streams = 1;              ///< residual streams that a pipeline stage hands on (hc_mult)

  // What only parameters and key-value exchange depend on; 0 or empty where the file does not say.
  std::string type;                      ///< model_type: tells the kind of attention
  std::uint64_t heads = 0;               ///< query heads
  std::uint64_t kv_heads = 0;            ///< key-value heads (num_key_value_heads)
  std::uint64_t head_values = 0;         ///< values of a head (head_dim)
  std::uint64_t q_rank = 0;              ///< low-rank queries (q_lora_rank)
  std::uint64_t kv_rank = 0;             ///< latent keys and values (kv_lora_rank): multi-head latent attention
  std::uint64_t output_rank = 0;         ///< DeepSeek-V4's grouped output projection (o_lora_rank) …
  std::uint64_t output_groups = 0;       ///< … and its groups (o_groups)
  std::uint64_t plain_head_values = 0;   ///< latent attention: values of a query head without a position …
  std::uint64_t rotary_head_values = 0;  ///< … and with one, which all heads' keys share
  std::uint64_t v_head_values = 0;       ///< latent attention: values of a value head
  std::uint64_t dense_intermediate = 0;  ///< width of the feed-forward network of a layer without experts
  std::uint64_t vocabulary = 0;          ///< token ids
  double derived_attention = 0;          ///< attention_left(), where "_weft" has "active_parameters"; else 0

  std::uint64_t moe_layers() const { return (layers - dense_layers) / moe_step; }
};

/// Whether the layer, from 0, has experts.
bool has_experts(const Model& model, std::uint64_t layer);

/// Reads a Hugging Face style config.json; keys of a nested text_config are accepted. `name_or_path` is a path where it
/// has a slash or ends in .json (a folder means its config.json), else the name of a file in `directory`. Throws
/// UsageError with one sentence that names the file and the key where a file is missing, cut, not JSON, lacks a key or
/// holds nonsense; for an unknown name with the nearest right one.
Model load_model(const std::string& name_or_path, const std::string& directory);

}  // namespace weft
