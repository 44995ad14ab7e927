#include "patterns/training_step/shrink.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/patterns/layouts.hpp"

namespace weft {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

struct LayoutAndModel {
  explicit LayoutAndModel(const std::string& name)
      : layout(load_layout(name, kLayoutsFolder)), model(load_model(layout.model, kModelsFolder)) {}
  ParallelLayout layout;
  Model model;
};

TEST(Shrink, KeepsWhatARankHoldsAndDoes) {
  const LayoutAndModel before("deepseek-v4-pro-a3-1024");
  const Shrunk shrunk = shrink(before.layout, before.model, 8, {});
  EXPECT_EQ(shrunk.layout.pipeline, 2U);
  EXPECT_EQ(shrunk.layout.tensor, 2U);
  EXPECT_EQ(shrunk.layout.data(), 2U);
  EXPECT_EQ(shrunk.layout.expert, 2U);
  EXPECT_EQ(shrunk.layout.expert_data(), 2U);
  EXPECT_EQ(shrunk.model.experts / shrunk.layout.expert, before.model.experts / before.layout.expert);
  EXPECT_EQ(shrunk.model.layers, 15U);  // 61 / 8 x 2
  EXPECT_EQ(shrunk.layout.micro_batches() / shrunk.layout.pipeline,
            before.layout.micro_batches() / before.layout.pipeline);
  EXPECT_EQ(shrunk.layout.tokens(), before.layout.tokens() / 128);
  EXPECT_DOUBLE_EQ(shrunk.scale, 1.0 / 128);
  EXPECT_THAT(shrunk.changes, Contains("PP 8 -> 2"));
  EXPECT_THAT(shrunk.changes, Contains("sequence length 4096 -> 32"));
}

TEST(Shrink, LeavesAFullSizedRunAsItIs) {
  const LayoutAndModel before("deepseek-v4-pro-a3-1024");
  const Shrunk shrunk = shrink(before.layout, before.model, 1024, {});
  EXPECT_THAT(shrunk.changes, IsEmpty());
  EXPECT_EQ(shrunk.layout.sequence_length, 4096U);
  EXPECT_EQ(shrunk.scale, 1.0);
}

TEST(Shrink, TheDivisorAloneShortensTheSequence) {
  const LayoutAndModel before("deepseek-v4-pro-a3-1024");
  const Shrunk shrunk = shrink(before.layout, before.model, 1024, 16);
  EXPECT_EQ(shrunk.changes, std::vector<std::string>{"sequence length 4096 -> 256"});
  EXPECT_EQ(shrunk.layout.global_batch, before.layout.global_batch);
  EXPECT_EQ(shrunk.model.layers, before.model.layers);
}

TEST(Shrink, ServesEveryLayoutOnFewRanks) {
  for (const char* const name : {"deepseek-v3-h800-2048", "deepseek-v4-flash-a3-256", "deepseek-v4-flash-a3-128k",
                                 "deepseek-v3-a3-512", "deepseek-v3-a2-512", "glm-5-a3-512", "qwen3-235b-a3-256",
                                 "pangu-ultra-moe-6k", "mixtral-8x22b-h100-128", "kimi-k2-h100-256"})
    for (const int ranks : {1, 2, 4, 8, 16, 32}) {
      const LayoutAndModel before(name);
      const Shrunk shrunk = shrink(before.layout, before.model, ranks, {});
      EXPECT_EQ(shrunk.refused, "") << name;
      EXPECT_EQ(shrunk.layout.ranks, static_cast<std::uint64_t>(ranks)) << name;
      EXPECT_EQ(shrunk.layout.tensor * shrunk.layout.context * shrunk.layout.pipeline * shrunk.layout.data(),
                shrunk.layout.ranks)
          << name;
    }
}

TEST(Shrink, SaysWhichRanksCannotBeHad) {
  const LayoutAndModel before("deepseek-v4-pro-a3-1024");
  EXPECT_THAT(shrink(before.layout, before.model, 67, {}).refused, HasSubstr("cannot be shrunk to 67 ranks"));
  EXPECT_THAT(shrink(before.layout, before.model, 2048, {}).refused, HasSubstr("fewer than the 2048"));
}

}  // namespace
}  // namespace weft
