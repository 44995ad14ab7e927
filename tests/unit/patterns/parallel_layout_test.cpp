#include "patterns/parallel_layout.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/unit/patterns/layouts.hpp"

namespace weft {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::string kGood = R"({
  "model": "deepseek-v4-pro", "ranks": 16, "ranks_per_node": 4, "tensor": 2, "context": 1, "pipeline": 2,
  "virtual_stages": 1, "expert": 8, "expert_tensor": 1, "schedule": "1f1b", "sequence_length": 64, "micro_batch": 1,
  "global_batch": 16, "sequence_parallel": true, "full_recompute": false, "dispatcher": "hierarchical",
  "dispatch_format": "fp8", "combine_format": "bf16", "distributed_optimizer": true, "gradient_type": "f32",
  "parameter_type": "bf16", "source": "a test", "assumptions": ["ranks: few"]})";

/// A file of the given text, away with the test.
class LayoutFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              (std::string("weft_layout_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  ParallelLayout read(const std::string& text) const {
    std::ofstream(folder_ / "run.json", std::ios::trunc) << text;
    return load_layout((folder_ / "run.json").string(), "");
  }

  /// The sentence that the text is refused with; it must be one line that names the file.
  std::string sentence(const std::string& text) const {
    try {
      read(text);
    } catch (const UsageError& error) {
      EXPECT_THAT(error.what(), AllOf(HasSubstr("run.json: "), Not(HasSubstr("\n"))));
      return error.what();
    }
    ADD_FAILURE() << "accepted: " << text;
    return {};
  }

  /// The good text with another value for a member.
  static std::string with(const std::string& member, const std::string& value) {
    std::string text = kGood;
    const std::string key = "\"" + member + "\": ";
    const std::size_t at = text.find(key) + key.size();
    const std::size_t end = text[at] == '[' ? text.find(']', at) + 1 : text.find_first_of(",}", at);
    return text.replace(at, end - at, value);
  }

  fs::path folder_;
};

TEST_F(LayoutFile, IsReadMemberByMember) {
  const ParallelLayout layout = read(kGood);
  EXPECT_EQ(layout.name, "run");
  EXPECT_EQ(layout.model, "deepseek-v4-pro");
  EXPECT_EQ(layout.data(), 4U);
  EXPECT_EQ(layout.expert_data(), 1U);
  EXPECT_EQ(layout.stage_ranks(), 8U);
  EXPECT_EQ(layout.nodes(), 4U);
  EXPECT_EQ(layout.micro_batches(), 4U);
  EXPECT_EQ(layout.tokens(), 32U);
  EXPECT_EQ(layout.attention_tokens(), 64U);
  EXPECT_EQ(layout.dispatcher, Dispatcher::hierarchical);
  EXPECT_EQ(layout.dispatch_format, TokenFormat::fp8);
  EXPECT_EQ(layout.combine_format, TokenFormat::bf16);
  EXPECT_EQ(layout.gradient_type, Datatype::f32);
  EXPECT_EQ(layout.order, "tp-cp-ep-dp-pp");
  EXPECT_TRUE(layout.distributed_optimizer);
  EXPECT_FALSE(layout.full_recompute);
  EXPECT_THAT(layout.assumptions, testing::ElementsAre("ranks: few"));
}

TEST_F(LayoutFile, WhatIsNoLayout) {
  EXPECT_THAT(sentence(""), HasSubstr("ends too soon"));
  EXPECT_THAT(sentence(kGood.substr(0, 80)), HasSubstr("ends too soon"));
  EXPECT_THAT(sentence("[]"), HasSubstr("holds an array"));
  EXPECT_THAT(sentence(with("ranks", "NaN")), HasSubstr("is not JSON"));
  EXPECT_THAT(sentence(with("ranks", "1e999")), HasSubstr("number too large"));
  EXPECT_THAT(sentence("{}"), HasSubstr("lacks \"ranks\""));
  EXPECT_THAT(sentence(with("tensor", std::string(300'000, '[') + std::string(300'000, ']'))), HasSubstr("nested"));
}

TEST_F(LayoutFile, EachMemberIsMissed) {
  for (const std::string member : {"model",
                                   "ranks",
                                   "ranks_per_node",
                                   "tensor",
                                   "context",
                                   "pipeline",
                                   "virtual_stages",
                                   "expert",
                                   "expert_tensor",
                                   "schedule",
                                   "sequence_length",
                                   "micro_batch",
                                   "global_batch",
                                   "sequence_parallel",
                                   "full_recompute",
                                   "dispatcher",
                                   "dispatch_format",
                                   "combine_format",
                                   "distributed_optimizer",
                                   "gradient_type",
                                   "parameter_type",
                                   "source",
                                   "assumptions"}) {
    const std::size_t at = kGood.find("\"" + member + "\": ");
    const std::string rest = with(member, "").substr(at + member.size() + 4);  // ", …" or "}"
    const std::string before = kGood.substr(0, at);
    const std::string without =
        rest.front() == ',' ? before + rest.substr(1) : before.substr(0, before.rfind(',')) + rest;
    EXPECT_THAT(sentence(without), HasSubstr("lacks \"" + member + "\"")) << without;
  }
}

TEST_F(LayoutFile, ValuesThatCannotBe) {
  for (const std::string value : {"0", "-1", "1.5", "\"2\"", "null", "true", "[2]", "131073", "99999999999999999999"}) {
    EXPECT_THAT(sentence(with("ranks", value)), HasSubstr("\"ranks\" is "));
    EXPECT_THAT(sentence(with("expert", value)), HasSubstr("\"expert\" is "));
  }
  EXPECT_THAT(sentence(with("ranks", "0")), HasSubstr("a whole number from 1 to 131072 is needed"));
  EXPECT_THAT(sentence(with("model", "\"\"")), HasSubstr("\"model\" is \"\": a text of one line"));
  EXPECT_THAT(sentence(with("source", R"("a\nb")")), HasSubstr("\"source\" is \"a\\nb\""));
  EXPECT_THAT(sentence(with("sequence_parallel", "1")), HasSubstr("\"sequence_parallel\" is 1: true or false"));
  EXPECT_THAT(sentence(with("dispatcher", "\"flatt\"")), HasSubstr("unknown dispatcher 'flatt': did you mean 'flat'?"));
  EXPECT_THAT(sentence(with("dispatcher", R"("fl\nat")")), HasSubstr("unknown dispatcher 'fl\\nat'"));
  EXPECT_THAT(sentence(with("dispatch_format", "\"logfmt10\"")), HasSubstr("unknown dispatch_format 'logfmt10'"));
  EXPECT_THAT(sentence(with("gradient_type", "16")), HasSubstr("\"gradient_type\" is 16: one of f32, bf16 is needed"));
  EXPECT_THAT(sentence(with("assumptions", "\"none\"")), HasSubstr("\"assumptions\" is \"none\": a list of texts"));
  for (const std::string entry : {"1", "\"rnaks: few\"", "\"ranks\"", "\"ranks: \"", "\"\""})
    EXPECT_THAT(sentence(with("assumptions", "[" + entry + "]")), HasSubstr("\"assumptions\" is " + entry));
  std::string unknown = kGood;
  unknown.insert(1, "\"expret\": 8, ");
  EXPECT_THAT(sentence(unknown), HasSubstr("unknown member 'expret': did you mean 'expert'?"));
}

TEST_F(LayoutFile, WhatDoesNotDivide) {
  EXPECT_THAT(sentence(with("ranks_per_node", "5")), HasSubstr("\"ranks\" 16 is not a multiple of ranks_per_node = 5"));
  EXPECT_THAT(sentence(with("tensor", "3")),
              HasSubstr("\"ranks\" 16 is not a multiple of tensor x context x pipeline = 6"));
  EXPECT_THAT(sentence(with("expert", "16")),
              HasSubstr("\"ranks\" 16 is not a multiple of expert_tensor x expert x pipeline = 32"));
  EXPECT_THAT(sentence(with("sequence_length", "63")),
              HasSubstr("\"sequence_length\" 63 is not a multiple of context x tensor = 2"));
  EXPECT_THAT(sentence(with("global_batch", "15")),
              HasSubstr("\"global_batch\" 15 is not a multiple of micro_batch 1 x 4 data-parallel ranks = 4"));
  EXPECT_THAT(sentence(with("virtual_stages", "2")), HasSubstr("\"schedule\" 1f1b has 1 chunk on each rank"));
  EXPECT_THAT(sentence(with("schedule", "\"dualpipev\"")), HasSubstr("dualpipev has 2 chunks on each rank"));
  EXPECT_THAT(sentence(with("micro_batch", "1048576")), HasSubstr("from 1 to 16777216 are possible"));
  EXPECT_EQ(read(with("ranks_per_node", "16")).nodes(), 1U);
}

TEST_F(LayoutFile, WhatDoesNotGoTogether) {
  std::string odd = with("global_batch", "12");
  odd.replace(odd.find("1f1b"), 4, "dualpipe");
  EXPECT_THAT(sentence(odd), HasSubstr("\"global_batch\" 12 gives a pipeline 3, which is odd"));
  std::string exchange = kGood;
  exchange.insert(1, "\"context_exchange\": \"ulysses\", ");
  EXPECT_THAT(sentence(exchange), HasSubstr("\"context\" 1 does not go with \"context_exchange\" ulysses"));
  EXPECT_THAT(sentence(with("context", "2")), HasSubstr("\"context\" 2 does not go with \"context_exchange\" none"));
  std::string uneven = kGood;
  for (const auto& [from, to] : {std::pair{"\"ranks\": 16", "\"ranks\": 24"},
                                 {"\"expert\": 8", "\"expert\": 6"},
                                 {"\"global_batch\": 16", "\"global_batch\": 12"}})
    uneven.replace(uneven.find(from), std::string(from).size(), to);
  EXPECT_THAT(sentence(uneven), HasSubstr("\"dispatcher\" hierarchical needs as many ranks"));
}

TEST_F(LayoutFile, ThatAModelDoesNotFit) {
  const Model model = load_model("deepseek-v4-pro", kModelsFolder);
  ParallelLayout layout = read(kGood);
  const auto refusal = [&]() -> std::string {
    try {
      check_model(layout, model);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_EQ(refusal(), "accepted");
  layout.expert = 5;
  EXPECT_THAT(refusal(), HasSubstr("run.json: \"expert\" 5 does not divide the 384 experts of deepseek-v4-pro"));
  layout.expert = 8;
  layout.expert_tensor = 5;
  EXPECT_THAT(refusal(), HasSubstr("\"expert_tensor\" 5 does not divide the 3072 of an expert"));
  layout.expert_tensor = 1;
  layout.tensor = 3;
  EXPECT_THAT(refusal(), HasSubstr("\"tensor\" 3 does not divide the 128 attention heads"));
  layout.tensor = 2;
  layout.virtual_stages = 31;
  EXPECT_THAT(refusal(), HasSubstr("= 62 chunks are more than the 61 layers"));
}

TEST_F(LayoutFile, NamesAndPaths) {
  const auto refusal = [](const std::string& name, const std::string& directory) -> std::string {
    try {
      load_layout(name, directory);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_EQ(load_layout("kimi-k2-h100-256", kLayoutsFolder).ranks, 256U);
  EXPECT_THAT(refusal("kimi-k2-h100-265", kLayoutsFolder), HasSubstr("did you mean 'kimi-k2-h100-256'?"));
  EXPECT_THAT(refusal("kimi", folder_.string()), HasSubstr("layout kimi: no layouts lie in"));
  EXPECT_THAT(refusal("./absent.json", ""), HasSubstr("./absent.json: cannot be read: give the path of a layout"));
  EXPECT_THAT(refusal(folder_.string() + "/", ""), HasSubstr("cannot be read"));
}

}  // namespace
}  // namespace weft
