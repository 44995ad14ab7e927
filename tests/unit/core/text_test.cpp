#include "core/text.hpp"

#include <gtest/gtest.h>

namespace weft {
namespace {

const std::vector<std::string> kKnown = {"mpi", "shm", "model"};

TEST(Text, NearestNameForgivesATypo) {
  EXPECT_EQ(nearest_name("smh", kKnown), "shm");
  EXPECT_EQ(nearest_name("modle", kKnown), "model");
  EXPECT_EQ(nearest_name("infiniband", kKnown), "");
}

TEST(Text, NearestNameIsNotFarFetched) {
  const std::vector<std::string> formats = {"table", "nccl", "osu", "imb", "json", "csv"};
  EXPECT_EQ(nearest_name("xml", formats), "");
  EXPECT_EQ(nearest_name("jsno", formats), "json");
  const std::vector<std::string> settings = {"op", "factor", "max-bytes"};
  EXPECT_EQ(nearest_name("n", settings), "");
  EXPECT_EQ(nearest_name("o", settings), "");
  EXPECT_EQ(nearest_name("", settings), "");
  EXPECT_EQ(nearest_name("max-bites", settings), "max-bytes");
}

TEST(Text, UnknownNameIsOneSentenceWithAHint) {
  EXPECT_EQ(unknown_name("transport", "smh", kKnown),
            "unknown transport 'smh': did you mean 'shm'? (known: mpi, shm, model)");
  EXPECT_EQ(unknown_name("transport", "infiniband", kKnown),
            "unknown transport 'infiniband': (known: mpi, shm, model)");
}

TEST(Text, SplitKeepsEmptyPartsAndTrims) {
  EXPECT_EQ(split("a, b,,c", ','), (std::vector<std::string>{"a", "b", "", "c"}));
}

TEST(Text, WholeNumberIsAllOfTheText) {
  EXPECT_EQ(whole_number<int>("-12"), -12);
  EXPECT_EQ(whole_number<std::uint64_t>("18446744073709551615"), 18446744073709551615U);
  for (const char* bad : {"", " 1", "1 ", "1x", "x", "1.0", "99999999999"})
    EXPECT_EQ(whole_number<int>(bad), std::nullopt) << bad;
  EXPECT_EQ(whole_number<unsigned>("-1"), std::nullopt);
}

TEST(Text, CountedIsPluralButForOne) {
  EXPECT_EQ(counted(0, "point"), "0 points");
  EXPECT_EQ(counted(1, "point"), "1 point");
  EXPECT_EQ(counted(2, "point"), "2 points");
}

TEST(Text, EnumerateNamesSomeAndCountsTheRest) {
  EXPECT_EQ(enumerate({}, 3), "");
  EXPECT_EQ(enumerate({"a"}, 3), "a");
  EXPECT_EQ(enumerate({"a", "b"}, 3), "a and b");
  EXPECT_EQ(enumerate({"a", "b", "c"}, 3), "a, b and c");
  EXPECT_EQ(enumerate({"a", "b", "c", "d", "e"}, 3), "a, b, c and 2 more");
}

}  // namespace
}  // namespace weft
