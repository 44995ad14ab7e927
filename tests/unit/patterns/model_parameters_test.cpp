#include "patterns/model_parameters.hpp"

#include <gtest/gtest.h>

#include "tests/unit/patterns/layouts.hpp"

namespace weft {
namespace {

/// All parameters of a model whose file gives every shape.
double all_parameters(const Model& model) {
  const auto layers = static_cast<double>(model.layers);
  const auto moe_layers = static_cast<double>(model.moe_layers());
  double sum = layers * attention_parameters(model).value() + 2 * embedding_parameters(model).value();
  sum += moe_layers * (routed_expert_parameters(model) + shared_expert_parameters(model) + router_parameters(model));
  if (moe_layers < layers) sum += (layers - moe_layers) * dense_network_parameters(model).value();
  return sum;
}

TEST(Parameters, AddUpToThePublishedTotals) {
  EXPECT_NEAR(all_parameters(load_model("deepseek-v3", kModelsFolder)) / 671e9, 1, 0.003);
  EXPECT_NEAR(all_parameters(load_model("glm-5", kModelsFolder)) / 744e9, 1, 0.003);
  EXPECT_NEAR(all_parameters(load_model("qwen3-235b-a22b", kModelsFolder)) / 235e9, 1, 0.003);
  EXPECT_NEAR(all_parameters(load_model("kimi-k2", kModelsFolder)) / 1.03e12, 1, 0.006);
  EXPECT_NEAR(all_parameters(load_model("deepseek-v4-flash", kModelsFolder)) / 284e9, 1, 0.02);  // no compressors
}

TEST(Parameters, OfALayersRoutedExperts) {
  EXPECT_NEAR(routed_expert_parameters(load_model("deepseek-v4-pro", kModelsFolder)) / 1e9, 25.37, 0.005);
  EXPECT_NEAR(routed_expert_parameters(load_model("deepseek-v4-flash", kModelsFolder)) / 1e9, 6.44, 0.005);
}

TEST(Parameters, OfAttentionByHand) {
  // V3: 7168 x 1536 + 1536 x 128 x 192 + 7168 x 576 + 512 x 128 x 256 + 128 x 128 x 7168
  EXPECT_EQ(attention_parameters(load_model("deepseek-v3", kModelsFolder)), 187'105'280.0);
  // Qwen3: 2 x 4096 x 128 x (64 + 4)
  EXPECT_EQ(attention_parameters(load_model("qwen3-235b-a22b", kModelsFolder)), 71'303'168.0);
  // V4-Flash: 4096 x 1024 + 1024 x 32768 + 4096 x 512 + 32768 x 1024 + 8 x 1024 x 4096
  EXPECT_EQ(attention_parameters(load_model("deepseek-v4-flash", kModelsFolder)), 106'954'752.0);
}

TEST(Parameters, AreNoneWhereTheFileDoesNotSay) {
  // Of V4-Pro the projections are not published; the same derivation is within 7 % of what Flash's keys say.
  EXPECT_NEAR(attention_parameters(load_model("deepseek-v4-pro", kModelsFolder)).value(), 307e6, 1e6);
  const Model flash = load_model("deepseek-v4-flash", kModelsFolder);
  EXPECT_NEAR(attention_left(flash, 13e9) / attention_parameters(flash).value(), 1, 0.07);
  EXPECT_EQ(attention_left(flash, 1e9), 0);
  EXPECT_FALSE(attention_parameters(load_model("pangu-ultra-moe", kModelsFolder)));
  EXPECT_FALSE(embedding_parameters(load_model("pangu-ultra-moe", kModelsFolder)));
  EXPECT_FALSE(dense_network_parameters(load_model("deepseek-v4-pro", kModelsFolder)));
  EXPECT_FALSE(key_value_values(load_model("pangu-ultra-moe", kModelsFolder)));
}

TEST(KeyValueValues, OfEachKindOfAttention) {
  EXPECT_EQ(key_value_values(load_model("deepseek-v3", kModelsFolder)), 576.0);
  EXPECT_EQ(key_value_values(load_model("qwen3-235b-a22b", kModelsFolder)), 1024.0);
  EXPECT_EQ(key_value_values(load_model("deepseek-v4-flash", kModelsFolder)), 512.0);
}

}  // namespace
}  // namespace weft
