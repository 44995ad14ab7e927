#include "patterns/model.hpp"

#include <filesystem>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/text.hpp"
#include "patterns/json_file.hpp"
#include "patterns/model_parameters.hpp"

namespace weft {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// One value of the shape and the names it goes by in published files, the first found counts.
struct Key {
  std::uint64_t Model::*member;
  std::vector<std::string> names;
  std::optional<std::uint64_t> otherwise;  ///< where absent; required without
  std::uint64_t least;
  std::uint64_t most;
};

const std::vector<Key>& keys() {
  static const std::vector<Key> all = {
      {&Model::hidden, {"hidden_size", "n_embd", "d_model"}, {}, 1, 1 << 20},
      {&Model::layers, {"num_hidden_layers", "n_layer", "num_layers"}, {}, 1, 10'000},
      {&Model::dense_layers, {"first_k_dense_replace"}, 0, 0, 10'000},
      {&Model::moe_step, {"interleave_moe_layer_step", "decoder_sparse_step"}, 1, 1, 10'000},
      {&Model::experts, {"n_routed_experts", "num_experts", "num_local_experts"}, {}, 1, 65'536},
      {&Model::shared_experts, {"n_shared_experts", "num_shared_experts"}, 0, 0, 65'536},
      {&Model::top_k, {"num_experts_per_tok", "experts_per_token", "moe_topk"}, {}, 1, kMostTopK},
      {&Model::expert_intermediate, {"moe_intermediate_size", "intermediate_size"}, {}, 1, 1 << 20},
      {&Model::groups, {"n_group"}, 1, 1, kMostGroups},
      {&Model::top_groups, {"topk_group"}, 1, 1, kMostGroups},
      {&Model::streams, {"hc_mult"}, 1, 1, 64},
      {&Model::heads, {"num_attention_heads", "n_head"}, 0, 0, 65'536},
      {&Model::kv_heads, {"num_key_value_heads"}, 0, 0, 65'536},
      {&Model::head_values, {"head_dim"}, 0, 0, 65'536},
      {&Model::q_rank, {"q_lora_rank"}, 0, 0, 1 << 20},
      {&Model::kv_rank, {"kv_lora_rank"}, 0, 0, 1 << 20},
      {&Model::output_rank, {"o_lora_rank"}, 0, 0, 1 << 20},
      {&Model::output_groups, {"o_groups"}, 0, 0, 65'536},
      {&Model::plain_head_values, {"qk_nope_head_dim"}, 0, 0, 65'536},
      {&Model::rotary_head_values, {"qk_rope_head_dim"}, 0, 0, 65'536},
      {&Model::v_head_values, {"v_head_dim"}, 0, 0, 65'536},
      {&Model::dense_intermediate, {"intermediate_size_mlp", "intermediate_size"}, 0, 0, 1 << 20},
      {&Model::vocabulary, {"vocab_size"}, 0, 0, 1 << 24},
  };
  return all;
}

const JsonKind& kind() {
  static const JsonKind model = {
      .name = "model", .flag = "--model", .needed = "a Hugging Face style config.json", .in_folder = "config.json"};
  return model;
}

/// Models that also see and hear keep the shape of their language part in text_config.
json read_config(const fs::path& path) {
  json config = read_json_object(kind(), path);
  if (!config.contains("hidden_size") && config.contains("text_config") && config["text_config"].is_object())
    return config["text_config"];
  return config;
}

std::uint64_t read_key(const json& config, const Key& key, const fs::path& path) {
  for (const std::string& name : key.names) {
    const auto found = config.find(name);
    if (found == config.end() || found->is_null()) continue;
    return whole_number(*found, name, {key.least, key.most}, path);
  }
  if (key.otherwise) return *key.otherwise;
  throw UsageError(
      fmt::format("{}: lacks \"{}\"{}", path.string(), key.names.front(),
                  key.names.size() == 1 ? std::string() : " (or " + join(std::span(key.names).subspan(1), ", ") + ")"));
}

/// What must hold between the values.
void check(const Model& model, const fs::path& path) {
  std::string wrong;
  if (model.top_k > model.experts)
    wrong =
        fmt::format("a token cannot use {} of {} experts: num_experts_per_tok must be at most the number of experts",
                    model.top_k, model.experts);
  else if (model.moe_layers() == 0 || model.dense_layers >= model.layers)
    wrong = fmt::format("first_k_dense_replace {} and every {}. layer leave none of {} layers with experts",
                        model.dense_layers, model.moe_step, model.layers);
  else if (model.experts % model.groups != 0)
    wrong = fmt::format("\"n_group\" {} does not divide {} experts", model.groups, model.experts);
  else if (model.top_groups > model.groups)
    wrong = fmt::format("\"topk_group\" {} is more than \"n_group\" {}", model.top_groups, model.groups);
  else if (model.top_groups * (model.experts / model.groups) < model.top_k)
    wrong = fmt::format("\"topk_group\" {} gives a token {} experts to choose from, less than its {}", model.top_groups,
                        model.top_groups * (model.experts / model.groups), model.top_k);
  if (!wrong.empty()) throw UsageError(fmt::format("{}: {}", path.string(), wrong));
}

}  // namespace

bool has_experts(const Model& model, std::uint64_t layer) {
  return layer >= model.dense_layers && (layer - model.dense_layers + 1) % model.moe_step == 0;
}

Model load_model(const std::string& name_or_path, const std::string& directory) {
  const fs::path path = find_json_file(kind(), name_or_path, directory);
  const json config = read_config(path);
  Model model;
  model.name = path.filename() == "config.json" && path.has_parent_path() ? path.parent_path().filename().string()
                                                                          : path.stem().string();
  for (const Key& key : keys()) model.*key.member = read_key(config, key, path);
  if (const auto type = config.find("model_type"); type != config.end() && type->is_string()) type->get_to(model.type);
  check(model, path);
  if (const auto ours = config.find("_weft"); ours != config.end() && ours->contains("active_parameters"))
    model.derived_attention =
        attention_left(model, static_cast<double>(whole_number((*ours)["active_parameters"], "active_parameters",
                                                               {1, std::uint64_t{1} << 53}, path)));
  return model;
}

}  // namespace weft
