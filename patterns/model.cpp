#include "patterns/model.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/text.hpp"
#include "core/units.hpp"

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
      {&Model::vocabulary, {"vocab_size"}, 0, 0, 1 << 24},
      {&Model::streams, {"hc_mult"}, 1, 1, 64},
  };
  return all;
}

std::vector<std::string> models_in(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code failure;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, failure))
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

fs::path find_file(const std::string& name_or_path, const std::string& directory) {
  const fs::path path(name_or_path);
  std::error_code failure;
  if (name_or_path.find('/') != std::string::npos || path.extension() == ".json")
    return fs::is_directory(path, failure) ? path / "config.json" : path;
  const std::vector<std::string> names = models_in(directory);
  if (names.empty())
    throw UsageError(
        fmt::format("--model {}: no models lie in '{}': give the path of a config.json", name_or_path, directory));
  if (std::find(names.begin(), names.end(), name_or_path) == names.end())
    throw UsageError(unknown_name("model", name_or_path, names) + "; or give the path of a config.json");
  return fs::path(directory) / (name_or_path + ".json");
}

/// Published files have a few kilobytes.
constexpr std::size_t kLargestFile = 16 << 20;
constexpr int kDeepest = 100;

std::string read_file(const fs::path& path) {
  std::error_code failure;
  const fs::file_type type = fs::status(path, failure).type();
  const bool readable = type == fs::file_type::regular || type == fs::file_type::character;  // a FIFO would block
  std::ifstream file;
  if (readable) file.open(path);
  if (!file.is_open() || !file)
    throw UsageError(
        fmt::format("{}: cannot be read: give the path of a Hugging Face style config.json", path.string()));
  std::string text(kLargestFile + 1, '\0');  // /dev/zero has no end
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kLargestFile)
    throw UsageError(fmt::format("{}: is larger than {}: a Hugging Face style config.json is needed", path.string(),
                                 format_bytes(kLargestFile)));
  return text;
}

json read_json(const fs::path& path) {
  const std::string text = read_file(path);
  // Copying and printing recurse with the depth of a value: what is nested too deeply is not kept.
  bool too_deep = false;
  const auto keep = [&](int depth, json::parse_event_t, json&) {
    too_deep |= depth > kDeepest;
    return depth <= kDeepest;
  };
  json config;
  try {
    config = json::parse(text, keep);
  } catch (const json::out_of_range&) {
    throw UsageError(fmt::format(
        "{}: holds a number too large for any shape: a Hugging Face style config.json is needed", path.string()));
  } catch (const json::parse_error& error) {
    const bool cut = error.byte > text.size();
    throw UsageError(fmt::format("{}: {} at byte {}: a Hugging Face style config.json is needed", path.string(),
                                 cut ? "ends too soon" : "is not JSON", std::min(error.byte, text.size())));
  }
  if (too_deep)
    throw UsageError(fmt::format("{}: is nested more than {} deep: a Hugging Face style config.json is needed",
                                 path.string(), kDeepest));
  if (!config.is_object())
    throw UsageError(fmt::format("{}: holds {} {}: an object with keys such as hidden_size is needed", path.string(),
                                 config.is_array() ? "an" : "a", config.type_name()));
  if (!config.contains("hidden_size") && config.contains("text_config") && config["text_config"].is_object())
    return config["text_config"];
  return config;
}

std::string shown(const json& value) {
  const std::string text = value.dump(-1, ' ', true, json::error_handler_t::replace);
  return text.size() <= 40 ? text : text.substr(0, 37) + "...";
}

std::uint64_t read_key(const json& config, const Key& key, const fs::path& path) {
  for (const std::string& name : key.names) {
    const auto found = config.find(name);
    if (found == config.end() || found->is_null()) continue;
    const bool fits = found->is_number_unsigned() && found->get<std::uint64_t>() >= key.least &&
                      found->get<std::uint64_t>() <= key.most;
    if (!fits)
      throw UsageError(fmt::format("{}: \"{}\" is {}: a whole number from {} to {} is needed", path.string(), name,
                                   shown(*found), key.least, key.most));
    return found->get<std::uint64_t>();
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

Model load_model(const std::string& name_or_path, const std::string& directory) {
  const fs::path path = find_file(name_or_path, directory);
  const json config = read_json(path);
  Model model;
  model.name = path.filename() == "config.json" && path.has_parent_path() ? path.parent_path().filename().string()
                                                                          : path.stem().string();
  for (const Key& key : keys()) model.*key.member = read_key(config, key, path);
  check(model, path);
  return model;
}

}  // namespace weft
