#include "patterns/model_flops.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/patterns/layouts.hpp"

namespace weft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Model published_model(const std::string& name) { return load_model(name, kModelsFolder); }

TEST(ModelFlops, OfOneTokenByHand) {
  // Qwen3-235B: h 4096, 94 layers, 128 experts of 1536, k = 8, 64 heads of 128, 4 key-value heads, 151,936 tokens.
  const TokenFlops flops = token_flops(published_model("qwen3-235b-a22b"), 4096);
  EXPECT_DOUBLE_EQ(flops.projections, 2.0 * 2 * 4096 * 128 * (64 + 4));
  EXPECT_DOUBLE_EQ(flops.scores, 2.0 * 2048 * 64 * (128 + 128));
  EXPECT_DOUBLE_EQ(flops.router, 2.0 * 4096 * 128);
  EXPECT_DOUBLE_EQ(flops.shared, 0);
  EXPECT_DOUBLE_EQ(flops.routed, 8 * 2.0 * 3 * 4096 * 1536);
  EXPECT_DOUBLE_EQ(flops.head, 2.0 * 4096 * 151'936);
  EXPECT_DOUBLE_EQ(model_flops(published_model("qwen3-235b-a22b"), 4096),
                   94 * (flops.projections + flops.scores + flops.router + flops.routed) + flops.head);
}

TEST(ModelFlops, OfLatentAttentionDenseLayersAndSharedExpertsByHand) {
  // DeepSeek-V3: 3 of 61 layers without experts; 128 heads, keys of 128 + 64 values, values of 128.
  const Model model = published_model("deepseek-v3");
  const TokenFlops flops = token_flops(model, 4096);
  EXPECT_DOUBLE_EQ(flops.projections, 2 * 187'105'280.0);
  EXPECT_DOUBLE_EQ(flops.scores, 2.0 * 2048 * 128 * (128 + 64 + 128));
  EXPECT_DOUBLE_EQ(flops.shared, 2.0 * 3 * 7168 * 2048);
  EXPECT_DOUBLE_EQ(flops.dense, 2.0 * 3 * 7168 * 18'432);
  EXPECT_DOUBLE_EQ(model_flops(model, 4096), 58 * flops.moe_layer() + 3 * flops.dense_layer() + flops.head);
  EXPECT_DOUBLE_EQ(flops.moe_layer() - flops.dense_layer(), flops.router + flops.shared + flops.routed - flops.dense);
}

TEST(ModelFlops, AreTwiceThePublishedActiveParameters) {
  // The published figures count the embedding, which is looked up.
  const auto active = [](const std::string& name) {
    const Model model = published_model(name);
    return model_flops(model, 0) / 2 + static_cast<double>(model.hidden * model.vocabulary);
  };
  EXPECT_NEAR(active("deepseek-v3") / 37e9, 1, 0.02);
  EXPECT_NEAR(active("qwen3-235b-a22b") / 22e9, 1, 0.02);
  EXPECT_NEAR(active("kimi-k2") / 33e9, 1, 0.02);
  EXPECT_NEAR(active("deepseek-v4-flash") / 13e9, 1, 0.05);  // no compressors, no indexers
}

TEST(ModelFlops, SayWhatTheyLeaveOut) {
  EXPECT_THAT(flops_left_out(published_model("deepseek-v3")), IsEmpty());
  EXPECT_THAT(flops_left_out(published_model("glm-5")),
              ElementsAre(HasSubstr("scores of glm-5 are left out: its attention is sparse")));
  EXPECT_THAT(flops_left_out(published_model("mixtral-8x22b")),
              ElementsAre(HasSubstr("attention's projections of mixtral-8x22b"), HasSubstr("attention's scores")));
  EXPECT_THAT(flops_left_out(published_model("pangu-ultra-moe")),
              testing::Contains(HasSubstr("the output projection")));
  EXPECT_EQ(token_flops(published_model("mixtral-8x22b"), 4096).attention(), 0);
  EXPECT_EQ(token_flops(published_model("glm-5"), 4096).scores, 0);
}

TEST(StageFlops, AddUpToTheWholeModelsWhateverTheLayout) {
  for (const char* name : {"deepseek-v3-h800-2048", "deepseek-v3-a3-512", "deepseek-v4-flash-a3-128k",
                           "qwen3-235b-a3-256", "deepseek-v3-h100-1024", "glm-5-a3-512"}) {
    const ParallelLayout layout = load_layout(name, kLayoutsFolder);
    const Model model = published_model(layout.model);
    const RankFlops flops = rank_flops(layout, model);
    double sum = 0;
    for (const StageWork& work : stage_works(layout, model)) sum += stage_flops(layout, flops, work);
    const double tokens = static_cast<double>(layout.global_batch) * static_cast<double>(layout.sequence_length);
    const double ranks = static_cast<double>(layout.stage_ranks());
    EXPECT_NEAR(sum * ranks / (tokens * model_flops(model, layout.sequence_length)), 1, 1e-9) << name;
  }
}

TEST(StageFlops, OfTheLastStageHaveTheHead) {
  ParallelLayout layout =
      layout_of({.ranks = 8, .per_node = 8, .tensor = 2, .context = 1, .pipeline = 2, .expert = 2, .expert_tensor = 1});
  const Model model = published_model("qwen3-235b-a22b");
  const RankFlops flops = rank_flops(layout, model);
  EXPECT_DOUBLE_EQ(flops.head_pass, 32.0 * 2 * 4096 * 151'936);  // 64 tokens over two tensor ranks
  const std::vector<StageWork> works = stage_works(layout, model);
  const auto micro_batches = static_cast<double>(layout.micro_batches());
  EXPECT_DOUBLE_EQ(stage_flops(layout, flops, works[0]), micro_batches * 47 * flops.moe_pass);
  EXPECT_DOUBLE_EQ(stage_flops(layout, flops, works[1]), micro_batches * (47 * flops.moe_pass + flops.head_pass));
}

}  // namespace
}  // namespace weft
