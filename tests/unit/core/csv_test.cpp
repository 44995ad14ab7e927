#include "core/csv.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/unit/core/temporary_folder.hpp"

namespace weft {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class Csv : public testing::Test {
 protected:
  CsvTable read(const std::string& text) const {
    write_file(path_, text);
    return read_csv(path_);
  }
  std::string refusal(const std::string& text) const {
    return message_of<UsageError>([&] { read(text); });
  }

  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "a.csv";
};

TEST_F(Csv, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(csv_line({"a", "", "1.5"}), "a,,1.5\r\n");
  EXPECT_EQ(csv_line({"a,b", "say \"no\"", "two\nlines", " blank "}),
            "\"a,b\",\"say \"\"no\"\"\",\"two\nlines\",\" blank \"\r\n");
}

TEST_F(Csv, ReadsWhatItWrites) {
  const std::vector<std::vector<std::string>> rows = {
      {"plain", "", "1"}, {"a,b", "\"", "\"\""}, {"two\r\nlines", "tab\t", " "}, {"\xc3\xa4", ",", "\r"}};
  std::string text = csv_line({"x", "y", "z"});
  for (const auto& row : rows) text += csv_line(row);
  const CsvTable table = read(text);
  EXPECT_THAT(table.header, ElementsAre("x", "y", "z"));
  ASSERT_EQ(table.rows.size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(table.rows[i].fields, rows[i]) << i;
}

TEST_F(Csv, ReadsBothLineEndings) {
  EXPECT_EQ(read("a,b\n1,2\n").rows.size(), 1U);
  EXPECT_EQ(read("a,b\r\n1,2\r\n").rows.size(), 1U);
}

TEST_F(Csv, KnowsTheLineOfARow) {
  const CsvTable table = read("a,b\n1,\"x\ny\"\n3,4\n");
  ASSERT_EQ(table.rows.size(), 2U);
  EXPECT_EQ(table.rows[0].line, 2U);
  EXPECT_EQ(table.rows[1].line, 4U);
}

TEST_F(Csv, RefusesDamageNamingFileAndLine) {
  EXPECT_THAT(refusal(""), AllOf(HasSubstr("a.csv"), HasSubstr("empty")));
  EXPECT_THAT(refusal("\n\n"), AllOf(HasSubstr("a.csv, line 1"), HasSubstr("header")));
  EXPECT_THAT(refusal("a,b\n1,2\n3"), AllOf(HasSubstr("a.csv, line 3"), HasSubstr("cut")));
  EXPECT_THAT(refusal("a,b\n1,2,3\n"), AllOf(HasSubstr("a.csv, line 2"), HasSubstr("3 fields"), HasSubstr("has 2")));
  EXPECT_THAT(refusal("a,b\n1,2\n3\n"), AllOf(HasSubstr("a.csv, line 3"), HasSubstr("1 fields")));
  EXPECT_THAT(refusal("a,b\n1,\"2\n3,4\n"), AllOf(HasSubstr("a.csv, line 2"), HasSubstr("no end")));
  EXPECT_THAT(refusal("a,b\n1,2\n1,\"2\"3\n"), AllOf(HasSubstr("a.csv, line 3"), HasSubstr("quote")));
  EXPECT_THAT(refusal("a,b\n1,2\"\n"), AllOf(HasSubstr("a.csv, line 2"), HasSubstr("quote")));
}

TEST_F(Csv, RefusesWhatIsNoFile) {
  EXPECT_THAT(message_of<UsageError>([&] { read_csv(folder_ / "absent.csv"); }), HasSubstr("absent.csv"));
  EXPECT_THAT(message_of<UsageError>([&] { read_csv(folder_ / ""); }), HasSubstr("folder"));
}

TEST_F(Csv, NamesTheColumnThatDiffers) {
  const CsvTable table = read("a,b,c\n");
  EXPECT_NO_THROW(expect_header(table, {"a", "b", "c"}));
  EXPECT_THAT(message_of<UsageError>([&] {
                expect_header(table, {"a", "x", "c"});
              }),
              AllOf(HasSubstr("column 2"), HasSubstr("'b'"), HasSubstr("'x'")));
  EXPECT_THAT(message_of<UsageError>([&] { expect_header(table, {"a", "b"}); }), HasSubstr("column 3"));
  EXPECT_THAT(message_of<UsageError>([&] { expect_header(table, {"a", "b", "c", "d"}); }), HasSubstr("column 4"));
}

class CsvRows : public Csv {
 protected:
  std::vector<std::vector<std::string>> rows(const std::string& text, const std::vector<std::string>& header) const {
    write_file(path_, text);
    std::vector<std::vector<std::string>> found;
    read_csv_rows(path_, header,
                  [&](std::size_t /*line*/, CsvFields fields) { found.emplace_back(fields.begin(), fields.end()); });
    return found;
  }
  std::string refusal_of_rows(const std::string& text) const {
    return message_of<UsageError>([&] { rows(text, {"a", "b"}); });
  }
};

// The reader works in pieces of 64 KiB: whatever lies on the border must come out whole.
TEST_F(CsvRows, RowsAcrossThePiecesOfAFileComeOutWhole) {
  const std::string field(9'973, 'x');
  std::string text = csv_line({"a", "b"});
  for (int i = 0; i < 40; ++i) text += csv_line({field + std::to_string(i), "two\r\nlines, \"" + std::to_string(i)});
  const auto found = rows(text, {"a", "b"});
  ASSERT_EQ(found.size(), 40U);
  for (std::size_t i = 0; i < found.size(); ++i)
    EXPECT_THAT(found[i], ElementsAre(field + std::to_string(i), "two\r\nlines, \"" + std::to_string(i)));
}

TEST_F(CsvRows, CarriageReturnsEndRowsToo) {
  EXPECT_THAT(rows("a,b\r1,2\r3,4\n", {"a", "b"}), ElementsAre(ElementsAre("1", "2"), ElementsAre("3", "4")));
}

TEST_F(CsvRows, KnowTheirLine) {
  write_file(path_, "a,b\n1,\"x\ny\"\n\n3,4\n");
  std::vector<std::size_t> lines;
  read_csv_rows(path_, {"a", "b"}, [&](std::size_t line, CsvFields /*fields*/) { lines.push_back(line); });
  EXPECT_THAT(lines, ElementsAre(2, 5));
}

TEST_F(CsvRows, RefuseDamageAsReadCsvDoes) {
  EXPECT_THAT(refusal_of_rows(""), HasSubstr("empty"));
  EXPECT_THAT(refusal_of_rows("a,c\n1,2\n"), AllOf(HasSubstr("a.csv, line 1"), HasSubstr("'c' where 'b'")));
  EXPECT_THAT(refusal_of_rows("a,b\n1,2\n3"), AllOf(HasSubstr("a.csv, line 3"), HasSubstr("cut")));
  EXPECT_THAT(refusal_of_rows("a,b\n1\n"), AllOf(HasSubstr("a.csv, line 2"), HasSubstr("1 fields")));
  EXPECT_THAT(refusal_of_rows("a,b\n1,\"2\n3,4\n"), AllOf(HasSubstr("a.csv, line 2"), HasSubstr("no end")));
}

TEST_F(CsvRows, AMillionColumnsAreRefusedBeforeTheyAreRead) {
  std::string columns = "1";
  for (int i = 0; i < 1'000'000; ++i) columns += ",1";
  EXPECT_THAT(refusal_of_rows("a,b\n" + columns + "\n"),
              AllOf(HasSubstr("a.csv, line 2"), HasSubstr("more than 2 fields where the header has 2")));
  EXPECT_THAT(refusal(columns + "\n1\n"), AllOf(HasSubstr("a.csv, line 1"), HasSubstr("more than 10000 fields")));
  EXPECT_THAT(refusal_of_rows("a,b\n1,\"" + std::string(17 << 20, 'x') + "\"\n"),
              AllOf(HasSubstr("a.csv, line 2"), HasSubstr("longer than 16 MiB")));
}

TEST(WholeLines, StopsBeforeAnUnfinishedOne) {
  EXPECT_EQ(whole_lines(""), 0U);
  EXPECT_EQ(whole_lines("a,b"), 0U);
  EXPECT_EQ(whole_lines("a,b\r\n1,"), 5U);
  EXPECT_EQ(whole_lines("a,b\r\n1,2\r"), 5U);
  EXPECT_EQ(whole_lines("a\n1,\"x\ny"), 2U);
  EXPECT_EQ(whole_lines("a\n1,\"x\ny\"\n"), 10U);
}

}  // namespace
}  // namespace weft
