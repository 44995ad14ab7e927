#include "results/csv.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <new>

#include <csv.h>
#include <fmt/format.h>

#include "core/error.hpp"

namespace weft {

namespace {

[[noreturn]] void refuse(const std::filesystem::path& path, std::size_t line, std::string_view what) {
  throw UsageError(fmt::format("{}, line {}: {}", path.string(), line, what));
}

/// What libcsv's callbacks collect. They must not throw through C code, so rows are judged afterwards.
struct Collector {
  std::vector<CsvRow> rows;
  CsvRow current;
  std::size_t line = 1;
};

void on_field(void* text, std::size_t size, void* data) {
  auto& collector = *static_cast<Collector*>(data);
  if (collector.current.fields.empty()) collector.current.line = collector.line;
  collector.current.fields.emplace_back(static_cast<const char*>(text), size);
}

void on_row(int /*terminator*/, void* data) {
  auto& collector = *static_cast<Collector*>(data);
  collector.rows.push_back(std::move(collector.current));
  collector.current = {};
}

/// Owns libcsv's parser.
class Parser {
 public:
  Parser() {
    if (csv_init(&parser_, CSV_STRICT | CSV_STRICT_FINI) != 0) throw std::bad_alloc();
  }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
  ~Parser() { csv_free(&parser_); }

  bool feed(std::string_view text, Collector& into) {
    return csv_parse(&parser_, text.data(), text.size(), on_field, on_row, &into) == text.size();
  }
  bool finish(Collector& into) { return csv_fini(&parser_, on_field, on_row, &into) == 0; }
  std::string error() { return csv_strerror(csv_error(&parser_)); }

 private:
  csv_parser parser_{};
};

bool needs_quotes(std::string_view field) {
  if (field.empty()) return false;
  return field.find_first_of(",\"\r\n") != std::string_view::npos || field.front() == ' ' || field.front() == '\t' ||
         field.back() == ' ' || field.back() == '\t';
}

/// Feeds line by line, so that an error has a line number.
std::vector<CsvRow> parse(const std::filesystem::path& path, std::string_view text) {
  Parser parser;
  Collector collector;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n') + 1);
    if (!parser.feed(line, collector)) refuse(path, collector.line, "a quote stands where none may be");
    text.remove_prefix(line.size());
    ++collector.line;
  }
  const std::size_t start = collector.current.fields.empty() ? collector.line - 1 : collector.current.line;
  if (!parser.finish(collector)) refuse(path, start, "a quoted field has no end");
  return std::move(collector.rows);
}

}  // namespace

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::error_code ignored;
  if (!file || std::filesystem::is_directory(path, ignored))
    throw UsageError(
        fmt::format("{}: cannot be read ({})", path.string(), file ? "it is a folder" : std::strerror(errno)));
  return {std::istreambuf_iterator<char>(file), {}};
}

CsvTable read_csv(const std::filesystem::path& path) {
  const std::string text = read_text(path);
  if (text.empty()) throw UsageError(fmt::format("{}: is empty where a header line should be", path.string()));
  if (text.back() != '\n')
    refuse(path, static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1,
           "the file is cut in the middle of this line");
  std::vector<CsvRow> rows = parse(path, text);
  if (rows.empty()) refuse(path, 1, "a header line should be here");

  CsvTable table;
  table.path = path;
  table.header = std::move(rows.front().fields);
  rows.erase(rows.begin());
  for (const CsvRow& row : rows)
    if (row.fields.size() != table.header.size())
      refuse(path, row.line,
             fmt::format("has {} fields where the header has {}", row.fields.size(), table.header.size()));
  table.rows = std::move(rows);
  return table;
}

void expect_header(const CsvTable& table, const std::vector<std::string>& expected) {
  for (std::size_t i = 0; i < std::max(expected.size(), table.header.size()); ++i) {
    const std::string found = i < table.header.size() ? "'" + table.header[i] + "'" : "nothing";
    const std::string wanted = i < expected.size() ? "'" + expected[i] + "'" : "nothing";
    if (found != wanted)
      refuse(table.path, 1, fmt::format("column {} of the header is {} where {} belongs", i + 1, found, wanted));
  }
}

std::string csv_line(const std::vector<std::string>& fields) {
  std::string line;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::string& field = fields[i];
    if (i > 0) line += ',';
    if (!needs_quotes(field)) {
      line += field;
      continue;
    }
    const std::size_t at = line.size();
    line.resize(at + csv_write(nullptr, 0, field.data(), field.size()));
    csv_write(line.data() + at, line.size() - at, field.data(), field.size());
  }
  return line + "\r\n";
}

std::size_t whole_lines(std::string_view text) {
  std::size_t whole = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (text[i] == '\n' && !quoted) whole = i + 1;
  }
  return whole;
}

}  // namespace weft
