#include "patterns/model.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"

namespace weft {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::string kModels = WEFT_MODELS_DIRECTORY;

struct Row {
  std::string name;
  std::uint64_t hidden, layers, moe_layers, experts, shared, top_k, intermediate, groups, top_groups, streams;
};

class Published : public testing::TestWithParam<Row> {};

TEST_P(Published, HasTheTabledShape) {
  const Row& row = GetParam();
  const Model model = load_model(row.name, kModels);
  EXPECT_EQ(model.name, row.name);
  EXPECT_EQ(model.hidden, row.hidden);
  EXPECT_EQ(model.layers, row.layers);
  EXPECT_EQ(model.moe_layers(), row.moe_layers);
  EXPECT_EQ(model.experts, row.experts);
  EXPECT_EQ(model.shared_experts, row.shared);
  EXPECT_EQ(model.top_k, row.top_k);
  EXPECT_EQ(model.expert_intermediate, row.intermediate);
  EXPECT_EQ(model.groups, row.groups);
  EXPECT_EQ(model.top_groups, row.top_groups);
  EXPECT_EQ(model.streams, row.streams);
}

INSTANTIATE_TEST_SUITE_P(Models, Published,
                         testing::Values(Row{"deepseek-v4-pro", 7168, 61, 61, 384, 1, 6, 3072, 1, 1, 4},
                                         Row{"deepseek-v4-flash", 4096, 43, 43, 256, 1, 6, 2048, 1, 1, 4},
                                         Row{"deepseek-v3", 7168, 61, 58, 256, 1, 8, 2048, 8, 4, 1},
                                         Row{"kimi-k2", 7168, 61, 60, 384, 1, 8, 2048, 1, 1, 1},
                                         Row{"glm-4.5", 5120, 92, 89, 160, 1, 8, 1536, 1, 1, 1},
                                         Row{"glm-5", 6144, 78, 75, 256, 1, 8, 2048, 1, 1, 1},
                                         Row{"qwen3-235b-a22b", 4096, 94, 94, 128, 0, 8, 1536, 1, 1, 1},
                                         Row{"mixtral-8x22b", 6144, 56, 56, 8, 0, 2, 16384, 1, 1, 1},
                                         Row{"gpt-oss-120b", 2880, 36, 36, 128, 0, 4, 2880, 1, 1, 1},
                                         Row{"minimax-m2", 3072, 62, 62, 256, 0, 8, 1536, 1, 1, 1},
                                         Row{"llama-4-maverick", 5120, 48, 24, 128, 1, 1, 8192, 1, 1, 1},
                                         Row{"pangu-ultra-moe", 7680, 61, 61, 256, 1, 8, 2048, 1, 1, 1}),
                         [](const auto& row) {
                           std::string name = row.param.name;
                           for (char& letter : name)
                             if (std::isalnum(static_cast<unsigned char>(letter)) == 0) letter = '_';
                           return name;
                         });

TEST(PublishedModels, AreAllInTheTable) {
  const auto files = std::count_if(fs::directory_iterator(kModels), fs::directory_iterator(),
                                   [](const auto& entry) { return entry.path().extension() == ".json"; });
  EXPECT_EQ(files, 12);
}

/// A file of the given text, away with the test.
class ModelFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              (std::string("weft_model_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string write(const std::string& text) {
    const fs::path path = folder_ / "config.json";
    std::ofstream(path, std::ios::trunc) << text;
    return path.string();
  }

  /// The sentence that the text is refused with; it must be one line that names the file.
  std::string sentence(const std::string& text) {
    try {
      load_model(write(text), kModels);
    } catch (const UsageError& error) {
      EXPECT_THAT(error.what(), AllOf(HasSubstr("config.json"), Not(HasSubstr("\n"))));
      return error.what();
    }
    ADD_FAILURE() << "accepted: " << text;
    return {};
  }

  static std::string config(const std::string& experts, const std::string& top_k, const std::string& rest = "") {
    return R"({"hidden_size": 64, "num_hidden_layers": 4, "moe_intermediate_size": 32, "num_experts": )" + experts +
           R"(, "num_experts_per_tok": )" + top_k + rest + "}";
  }

  fs::path folder_;
};

TEST_F(ModelFile, AnyConfigByPathOrFolder) {
  const std::string path = write(config("16", "2", R"(, "n_group": null)"));
  EXPECT_EQ(load_model(path, "").experts, 16U);
  EXPECT_EQ(load_model(folder_.string() + "/", "").experts, 16U);
}

TEST_F(ModelFile, WhatIsNoConfig) {
  EXPECT_THAT(sentence(""), HasSubstr("ends too soon"));
  EXPECT_THAT(sentence(config("16", "2").substr(0, 60)), HasSubstr("ends too soon"));
  EXPECT_THAT(sentence("hidden_size: 64"), HasSubstr("is not JSON"));
  EXPECT_THAT(sentence("[1, 2]"), HasSubstr("holds an array"));
  EXPECT_THAT(sentence("42"), HasSubstr("holds a number"));
  EXPECT_THAT(sentence(R"({"hidden_size": 1e999})"), HasSubstr("number too large"));
  EXPECT_THAT(sentence(std::string(17 << 20, ' ')), HasSubstr("larger than 16M"));
}

TEST_F(ModelFile, WhatIsNestedTooDeeplyToBeCopiedOrPrinted) {
  const std::string nest = std::string(300'000, '[') + std::string(300'000, ']');
  EXPECT_THAT(sentence(R"({"hidden_size": )" + nest + "}"), HasSubstr("nested more than"));
  EXPECT_THAT(sentence(R"({"text_config": {"hidden_size": 64, "x": )" + nest + "}}"), HasSubstr("nested more than"));
}

TEST_F(ModelFile, MissingKeysAreNamedWithTheirAlternatives) {
  EXPECT_THAT(sentence("{}"), HasSubstr("lacks \"hidden_size\""));
  EXPECT_THAT(sentence(R"({"hidden_size": 64, "num_hidden_layers": 4})"),
              HasSubstr("lacks \"n_routed_experts\" (or num_experts, num_local_experts)"));
}

TEST_F(ModelFile, NonsenseIsNamedWithWhatWouldBeRight) {
  EXPECT_THAT(sentence(config("0", "2")), HasSubstr("\"num_experts\" is 0: a whole number from 1 to 65536 is needed"));
  EXPECT_THAT(sentence(config("-8", "2")), HasSubstr("\"num_experts\" is -8"));
  EXPECT_THAT(sentence(config("1e30", "2")), HasSubstr("\"num_experts\" is 1e+30"));
  EXPECT_THAT(sentence(config("99999999999999999999999", "2")), HasSubstr("\"num_experts\" is"));
  EXPECT_THAT(sentence(config("\"16\"", "2")), HasSubstr("\"num_experts\" is \"16\""));
  EXPECT_THAT(sentence(config("16.5", "2")), HasSubstr("\"num_experts\" is 16.5"));
  EXPECT_THAT(sentence(config("16", "0")), HasSubstr("\"num_experts_per_tok\" is 0"));
  EXPECT_THAT(sentence(config("16", "17")), HasSubstr("a token cannot use 17 of 16 experts"));
  EXPECT_THAT(sentence(R"({"hidden_size": 0})"), HasSubstr("\"hidden_size\" is 0"));
  EXPECT_THAT(sentence(config("16", "2", R"(, "first_k_dense_replace": 4)")), HasSubstr("leave none of 4 layers"));
  EXPECT_THAT(sentence(config("16", "2", R"(, "first_k_dense_replace": 9)")), HasSubstr("leave none of 4 layers"));
  EXPECT_THAT(sentence(config("16", "2", R"(, "n_group": 3)")), HasSubstr("does not divide 16 experts"));
  EXPECT_THAT(sentence(config("16", "2", R"(, "n_group": 4, "topk_group": 5)")), HasSubstr("more than \"n_group\" 4"));
  EXPECT_THAT(sentence(config("16", "8", R"(, "n_group": 4, "topk_group": 1)")), HasSubstr("4 experts to choose from"));
}

TEST_F(ModelFile, MissingFilesAndUnknownNames) {
  const auto refusal = [](const std::string& name, const std::string& directory) -> std::string {
    try {
      load_model(name, directory);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_THAT(refusal("deepseek-v4-por", kModels), HasSubstr("did you mean 'deepseek-v4-pro'?"));
  EXPECT_THAT(refusal("deepseek-v3", folder_.string()), HasSubstr("no models lie in"));
  EXPECT_THAT(refusal(std::string(300, 'a') + ".json", kModels), HasSubstr("cannot be read"));
  EXPECT_THAT(refusal("./absent.json", kModels), HasSubstr("./absent.json: cannot be read"));
  EXPECT_THAT(refusal(folder_.string(), kModels), HasSubstr("config.json: cannot be read"));
}

}  // namespace
}  // namespace weft
