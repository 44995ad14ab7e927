#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

/// A line of a CSV file. `line` is the number of its first line in the file, from 1.
struct CsvRow {
  std::size_t line = 0;
  std::vector<std::string> fields;
};

/// A CSV file (RFC 4180) with a header: every row has as many fields as the header.
struct CsvTable {
  std::filesystem::path path;
  std::vector<std::string> header;
  std::vector<CsvRow> rows;
};

/// Reads a whole file, strictly. Throws UsageError naming the file and the line: no such file, an empty file, an
/// unbalanced or misplaced quote, a row with too few or too many fields, a last line that is cut in the middle.
CsvTable read_csv(const std::filesystem::path& path);

/// Throws UsageError naming the first column that differs from what is expected.
void expect_header(const CsvTable& table, const std::vector<std::string>& expected);

/// One line in RFC 4180, CRLF included; only the fields that need quotes have them.
std::string csv_line(const std::vector<std::string>& fields);

/// The length of the leading part of `text` that consists of whole lines: what is left of a file whose writer was
/// killed. A line break within quotes ends no line.
std::size_t whole_lines(std::string_view text);

/// The bytes of a file. Throws UsageError where it cannot be read.
std::string read_text(const std::filesystem::path& path);

}  // namespace weft
