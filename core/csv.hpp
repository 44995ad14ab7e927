#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
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
/// unbalanced or misplaced quote, a row with too few or too many fields, a header of more than 10,000, a row longer
/// than 16 MiB, a last line that is cut in the middle.
CsvTable read_csv(const std::filesystem::path& path);

/// The fields of a row that is being read: they live no longer than the call.
using CsvFields = std::span<const std::string_view>;
using CsvRowAction = std::function<void(std::size_t line, CsvFields fields)>;

/// Reads a file of any length with the memory of one piece of it, as strictly as read_csv, and calls `row` for each row
/// after the header, which must be `header`. What `row` throws ends the reading.
void read_csv_rows(const std::filesystem::path& path, const std::vector<std::string>& header, const CsvRowAction& row);

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
