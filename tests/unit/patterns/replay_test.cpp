#include "patterns/replay.hpp"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "patterns/routing.hpp"
#include "tests/unit/core/temporary_folder.hpp"

namespace weft {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class Replay : public testing::Test {
 protected:
  Replay() {
    model_.name = "small";
    model_.experts = 8;
    model_.top_k = 2;
    request_.tokens = 1000;
  }

  std::vector<Routing> replay(const std::string& name, const std::string& text, int ranks = 2) {
    write_file(folder_ / name, text);
    return replay(name, ranks);
  }

  std::vector<Routing> replay(const std::string& name, int ranks) {
    const ExpertLayout layout{.ranks = ranks, .ranks_per_node = 8, .placement = request_.placement};
    return count_routings(*make_decisions({"replay", 1, (folder_ / name).string()}, model_, request_, ranks), model_,
                          layout);
  }

  /// The sentence with which a file is refused.
  std::string refusal(const std::string& name, const std::string& text, int ranks = 2) {
    return message_of<UsageError>([&] { replay(name, text, ranks); });
  }

  TemporaryFolder folder_;
  Model model_;
  Request request_;
};

std::string record(int step, int layer, int rank, const std::string& indices, int tokens,
                   const std::string& more = "") {
  return fmt::format(R"({{"step": {}, "stage": "pre_dispatch", "block": "decoder", "layer": {}, "rank": {}, )"
                     R"("num_tokens": {}, "topk": 2, {}"top_indices": {}}})"
                     "\n",
                     step, layer, rank, tokens, more, indices);
}

TEST_F(Replay, ATraceBecomesCopiesFromRankToRank) {
  // Experts 0 to 3 lie on rank 0. The file begins with rank 1.
  const std::string text = record(0, 3, 1, "[[0, 1], [4, 5], [6, 7]]", 3, R"("hs_shape": [3, {"x": [1]}], )") +
                           record(0, 3, 0, "[[3, 4]]", 1) + record(0, 4, 1, "[]", 0) + record(0, 4, 0, "[[7, 6]]", 1);
  const std::vector<Routing> routings = replay("t.jsonl", text);
  ASSERT_EQ(routings.size(), 2U);
  EXPECT_THAT(routings[0].copies, ElementsAre(1, 1, 2, 4));
  EXPECT_THAT(routings[0].experts, ElementsAre(1, 1, 0, 1, 2, 1, 1, 1));
  EXPECT_EQ(routings[0].tokens, 4U);
  EXPECT_EQ(routings[0].token_ranks, 5U);
  EXPECT_THAT(routings[1].copies, ElementsAre(0, 2, 0, 0));
}

TEST_F(Replay, AFolderHoldsAFileForEachRank) {
  std::filesystem::create_directory(folder_ / "trace");
  write_file(folder_ / "trace/router_trace_rank0.jsonl", record(0, 0, 0, "[[0, 1]]", 1));
  write_file(folder_ / "trace/router_trace_rank1.jsonl", record(0, 0, 1, "[[6, 1]]", 1));
  EXPECT_THAT(replay("trace", 2).at(0).copies, ElementsAre(2, 0, 1, 1));
}

TEST_F(Replay, ASecondRecordOfALayerIsAnotherMicroBatch) {
  const std::string text = record(0, 0, 0, "[[0, 1]]", 1) + record(0, 0, 0, "[[6, 7]]", 1);
  const std::vector<Routing> routings = replay("t.jsonl", text, 1);
  ASSERT_EQ(routings.size(), 2U);
  EXPECT_EQ(routings[1].experts[6], 1U);
}

TEST_F(Replay, OtherNumbersOfRanksGetTheTokensDealt) {
  std::string text;
  for (int rank = 0; rank < 3; ++rank) text += record(0, 0, rank, "[[0, 1], [0, 7]]", 2);
  EXPECT_THAT(replay("t.jsonl", text, 2).at(0).copies, ElementsAre(5, 1, 4, 2));
  EXPECT_THAT(replay("t.jsonl", 4).at(0).received(), ElementsAre(9, 0, 0, 3));
}

TEST_F(Replay, StepAndLayerAreChosen) {
  const std::string mtp =
      R"({"step":1,"block":"mtp","mtp_idx":0,"layer":3,"rank":0,"num_tokens":1,"topk":2,"top_indices":[[4,5]]})";
  const std::string text =
      record(0, 3, 0, "[[0, 1]]", 1) + record(1, 3, 0, "[[2, 3]]", 1) + record(1, 4, 0, "[[6, 7]]", 1) + mtp;
  EXPECT_EQ(replay("t.jsonl", text, 1).size(), 4U);
  request_.replay.layer = 3;
  EXPECT_EQ(replay("t.jsonl", 1).size(), 2U);
  request_.replay.step = 1;
  EXPECT_EQ(replay("t.jsonl", 1).at(0).experts[2], 1U);
  request_.replay.step = 2;
  EXPECT_THAT(refusal("t.jsonl", text, 1), HasSubstr("--replay-step"));
}

TEST_F(Replay, OnlySoManyRoutingsAreTakenAsWereAskedFor) {
  std::string text;
  for (int step = 0; step < 1025; ++step) text += record(step, 0, 0, "[[0, 1]]", 1);
  EXPECT_THAT(refusal("t.jsonl", text, 1), AllOf(HasSubstr("line 1025"), HasSubstr("--routings")));
  request_.routings = 3;
  EXPECT_EQ(replay("t.jsonl", 1).size(), 3U);
  request_.routings = 1025;
  EXPECT_THAT(refusal("t.jsonl", text, 1), HasSubstr("--routings 1025"));
}

TEST_F(Replay, LinesOfTokensGiveTheSame) {
  const std::string head = "step,layer,rank,token,expert0,expert1\r\n";
  const std::string text = head + "0,3,1,0,0,1\r\n0,3,1,1,4,5\r\n0,3,1,2,6,7\r\n0,3,0,0,3,4\r\n";
  EXPECT_THAT(replay("t.csv", text).at(0).copies, ElementsAre(1, 1, 2, 4));
  EXPECT_THAT(refusal("t.csv", head + "0,3,1,0,0,1\r\n0,3,1,2,4,5\r\n"),
              AllOf(HasSubstr("line 3"), HasSubstr("token 1 of")));
  EXPECT_THAT(refusal("t.csv", head + "0,3,1,1,0,1\r\n"), HasSubstr("token 0 should be"));
  EXPECT_THAT(refusal("t.csv", head + "0,3,1,0,-1,1\r\n"), AllOf(HasSubstr("line 2"), HasSubstr("'-1' is no expert")));
  EXPECT_THAT(refusal("t.csv", head + "0,3,1,0,8,1\r\n"), HasSubstr("goes to expert 8"));
  EXPECT_THAT(refusal("t.csv", head + "0,3,1,0,1,1\r\n"), HasSubstr("expert 1 twice"));
  EXPECT_THAT(refusal("t.csv", "step,layer,rank,token,expert0\r\n0,3,1,0,1\r\n"),
              AllOf(HasSubstr("line 1"), HasSubstr("expert1")));
  EXPECT_THAT(refusal("t.csv", head + "0,3,1,0,1,2"), HasSubstr("cut"));
}

TEST_F(Replay, CountsAreAPopularityFromWhichTokensAreDrawn) {
  const std::string text = "{\"rank\": [0],\n\"logical_count\": [[[0,0,0,0,0,0,0,0],\n[40,20,20,20,0,0,0,100]]]}\n";
  const std::vector<Routing> routings = replay("t.json", text);
  ASSERT_EQ(routings.size(), 1U);  // the layer of zeros has no experts
  EXPECT_EQ(routings[0].tokens, 2000U);
  // Popularities follow from shares by a theory of many experts; of 8 it is a few per cent off.
  EXPECT_NEAR(static_cast<double>(routings[0].experts[7]), 2000, 60);
  EXPECT_NEAR(static_cast<double>(routings[0].experts[0]), 800, 150);
  EXPECT_EQ(routings[0].experts[4], 0U);
  EXPECT_THAT(refusal("t.json", "{\"logical_count\": [[[1,2,3]]]}"),
              AllOf(HasSubstr("line 1"), HasSubstr("only 3 experts")));
  EXPECT_THAT(refusal("t.json", "{\"logical_count\": [\n[[1,2,3,4,5,6,7,8,9]]]}"),
              AllOf(HasSubstr("line 2"), HasSubstr("more than 8")));
  EXPECT_THAT(refusal("t.json", "{\"logical_count\": [[[1,0,0,0,0,0,0,0]]]}"),
              HasSubstr("more than one of each token's 2"));
  EXPECT_THAT(refusal("t.json", "{\"logical_count\": [[[-1,0,0,0,0,0,0,0]]]}"), HasSubstr("-1"));
  EXPECT_THAT(refusal("t.json", "{\"logical_count\": [[[1,1,0,0"), HasSubstr("cut"));
  EXPECT_THAT(refusal("t.json", "{\"count\": 3}"), HasSubstr("logical_count"));
  EXPECT_THAT(refusal("t.json", "{\"logical_count\": 3}"), HasSubstr("logical_count"));
  EXPECT_THAT(refusal("t.json", "[1]"), HasSubstr("logical_count"));
}

TEST_F(Replay, DamagedTracesAreNamedByTheirLine) {
  const std::string good = record(0, 0, 0, "[[0, 1]]", 1);
  const std::pair<std::string, std::string> cases[] = {
      {"{\"step\": 0, \"la", "cut or no JSON"},
      {"hello\n", "cut or no JSON"},
      {"\n", "cut or no JSON"},
      {"[]\n", "a list where an object"},
      {"7\n", "7 where an object"},
      {"{}\n", "lacks \"step\""},
      {record(0, 1, 0, "[[0, 1]]", 2), "\"num_tokens\" is 2, and \"top_indices\" has 1"},
      {record(0, 1, 0, "[[0, 1, 2]]", 1), "token 0 has 3 experts"},
      {record(0, 1, 0, "[[0, 1], [2]]", 2), "token 1 has 1 experts"},
      {record(0, 1, 0, "[[0, -1]]", 1), "\"top_indices\" holds -1"},
      {record(0, 1, 0, "[[0, 8]]", 1), "token 0 goes to expert 8, and small has the experts 0 to 7"},
      {record(0, 1, 0, "[[3, 3]]", 1), "token 0 goes to expert 3 twice"},
      {record(0, 1, 0, "[[0, 1.5]]", 1), "\"top_indices\" holds 1.5"},
      {record(0, 1, 0, "[0, 1]", 1), "\"top_indices\" holds 0"},
      {record(0, 1, 0, "[[[0, 1]]]", 1), "\"top_indices\" holds a list"},
      {record(0, 1, 0, "null", 1), "\"top_indices\" holds null"},
      {record(-1, 1, 0, "[[0, 1]]", 1), "\"step\" holds -1"},
      {record(0, 1, 0, "[[0, 1]]", 1, "\"topk\": 3, "), "\"topk\" comes twice"},
      {"{\"step\":0,\"layer\":0,\"rank\":0,\"num_tokens\":0,\"topk\":3,\"top_indices\":[]}\n", "\"topk\" is 3"},
  };
  for (const auto& [line, says] : cases)
    EXPECT_THAT(refusal("t.jsonl", good + line), AllOf(HasSubstr("t.jsonl, line 2: "), HasSubstr(says))) << line;
}

TEST_F(Replay, ALineWithoutAnEndIsRefusedBeforeItFillsTheMemory) {
  std::ofstream file(folder_ / "t.jsonl", std::ios::binary);
  const std::string piece(1 << 20, '[');
  for (int i = 0; i < 66; ++i) file << piece;
  file.close();
  EXPECT_THAT(message_of<UsageError>([&] { replay("t.jsonl", 1); }), HasSubstr("line 1: is longer than 64M"));
}

TEST_F(Replay, CountsThatWouldFillTheMemoryAreRefused) {
  write_file(folder_ / "t.json", "{\"");
  std::filesystem::resize_file(folder_ / "t.json", (std::uintmax_t{256} << 20) + 1);  // sparse
  EXPECT_THAT(message_of<UsageError>([&] { replay("t.json", 1); }), HasSubstr("larger than 256M"));
}

TEST_F(Replay, RanksThatAreMissingInOneStepAreNoticed) {
  const std::string text =
      record(0, 0, 0, "[[0, 1]]", 1) + record(0, 0, 1, "[[0, 1]]", 1) + record(1, 0, 0, "[[0, 1]]", 1);
  EXPECT_THAT(refusal("t.jsonl", text), AllOf(HasSubstr("step 1, layer 0"), HasSubstr("1 ranks where there are 2")));
}

TEST_F(Replay, FilesThatAreNone) {
  EXPECT_THAT(refusal("t.txt", "x"), HasSubstr(".jsonl"));
  EXPECT_THAT(message_of<UsageError>([&] { replay("absent.csv", 1); }), HasSubstr("no such file"));
  std::filesystem::create_directory(folder_ / "empty");
  EXPECT_THAT(message_of<UsageError>([&] { replay("empty", 1); }), HasSubstr("no file of a routing trace"));
  std::filesystem::create_symlink("/dev/zero", folder_ / "zero.jsonl");
  EXPECT_THAT(message_of<UsageError>([&] { replay("zero.jsonl", 1); }), HasSubstr("no regular file"));
  EXPECT_THAT(refusal("t.jsonl", ""), HasSubstr("holds no decisions"));
}

TEST_F(Replay, ABalancedPlacementReadsTheTraceTwice) {
  std::string text;
  for (int rank = 0; rank < 2; ++rank) text += record(0, 0, rank, "[[0, 1], [0, 2], [0, 3], [0, 7]]", 4);
  EXPECT_THAT(replay("t.jsonl", text).at(0).received(), ElementsAre(14, 2));
  request_.placement = {"eplb", 2, 1.1};
  EXPECT_THAT(replay("t.jsonl", 2).at(0).received(), ElementsAre(8, 8));
}

}  // namespace
}  // namespace weft
