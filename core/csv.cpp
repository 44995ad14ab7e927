#include "core/csv.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <new>
#include <span>

#include <csv.h>
#include <fmt/format.h>

#include "core/error.hpp"

namespace weft {

namespace {

[[noreturn]] void refuse(const std::filesystem::path& path, std::size_t line, std::string_view what) {
  throw UsageError(fmt::format("{}, line {}: {}", path.string(), line, what));
}

constexpr std::size_t kMostColumns = 10'000;
constexpr std::size_t kLongestRow = std::size_t{16} << 20;

/// What libcsv's callbacks collect of one piece of a file. They must not throw through C code, so rows are judged
/// afterwards. All fields lie in one string, so that a row costs no allocation.
struct Collector {
  struct Row {
    std::size_t fields_end = 0;  ///< index of the first field that is not in it
    std::size_t line = 0;
  };
  std::string text;
  std::vector<std::size_t> ends;  ///< of the fields in the text
  std::vector<Row> rows;          ///< those that are complete
  std::size_t unfinished = 0;     ///< index of the first field of the row that is not complete
  std::size_t unfinished_line = 1;
  std::size_t line = 1;
};

void on_field(void* text, std::size_t size, void* data) {
  auto& collector = *static_cast<Collector*>(data);
  if (collector.ends.size() == collector.unfinished) collector.unfinished_line = collector.line;
  collector.text.append(static_cast<const char*>(text), size);
  collector.ends.push_back(collector.text.size());
}

void on_row(int /*terminator*/, void* data) {
  auto& collector = *static_cast<Collector*>(data);
  collector.rows.push_back({collector.ends.size(), collector.unfinished_line});
  collector.unfinished = collector.ends.size();
}

/// Owns libcsv's parser.
class Parser {
 public:
  Parser() {
    constexpr std::size_t kGrowth =
        256 << 10;  // of a field's buffer; libcsv's own 128 B copy a long field over and over
    if (csv_init(&parser_, CSV_STRICT | CSV_STRICT_FINI) != 0) throw std::bad_alloc();
    csv_set_blk_size(&parser_, kGrowth);
  }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
  ~Parser() { csv_free(&parser_); }

  bool feed(std::string_view text, Collector& into) {
    return csv_parse(&parser_, text.data(), text.size(), on_field, on_row, &into) == text.size();
  }
  bool finish(Collector& into) { return csv_fini(&parser_, on_field, on_row, &into) == 0; }

 private:
  csv_parser parser_{};
};

std::ifstream open_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::error_code ignored;
  if (!file || std::filesystem::is_directory(path, ignored))
    throw UsageError(
        fmt::format("{}: cannot be read ({})", path.string(), file ? "it is a folder" : std::strerror(errno)));
  return file;
}

/// Reads a file piece by piece and judges its rows; the memory is that of a piece, however long a row is.
class RowReader {
 public:
  /// `most_columns`: a header with more is refused.
  RowReader(const std::filesystem::path& path, std::size_t most_columns) : path_(path), width_(most_columns) {}

  void read(const CsvRowAction& on_header, const CsvRowAction& on_row) {
    std::ifstream file = open_file(path_);
    std::vector<char> buffer(std::size_t{1} << 16);
    char last = 0;
    do {
      file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
      const std::string_view chunk(buffer.data(), static_cast<std::size_t>(file.gcount()));
      if (!chunk.empty()) last = chunk.back();
      take(chunk, on_header, on_row);
    } while (file);
    if (last == 0) throw UsageError(fmt::format("{}: is empty where a header line should be", path_.string()));
    if (last != '\n') refuse(path_, collected_.line, "the file is cut in the middle of this line");
    const bool begun = collected_.ends.size() > collected_.unfinished;
    const std::size_t start = begun ? collected_.unfinished_line : collected_.line - 1;
    if (!parser_.finish(collected_)) refuse(path_, start, "a quoted field has no end");
    if (!has_header_) refuse(path_, 1, "a header line should be here");
  }

 private:
  /// Feeds line by line, so that an error has a line number.
  void take(std::string_view chunk, const CsvRowAction& on_header, const CsvRowAction& on_row) {
    while (!chunk.empty()) {
      const std::size_t end = chunk.find('\n');
      const std::string_view piece = chunk.substr(0, end == std::string_view::npos ? end : end + 1);
      if (!parser_.feed(piece, collected_)) refuse(path_, collected_.line, "a quote stands where none may be");
      row_bytes_ = collected_.rows.empty() ? row_bytes_ + piece.size() : 0;
      deliver(on_header, on_row);
      refuse_endless_row();
      if (end != std::string_view::npos) ++collected_.line;
      chunk.remove_prefix(piece.size());
    }
  }

  void deliver(const CsvRowAction& on_header, const CsvRowAction& on_row) {
    if (collected_.rows.empty()) return;
    std::size_t field = 0;
    std::size_t at = 0;
    for (const Collector::Row& row : collected_.rows) {
      fields_.clear();
      for (; field < row.fields_end; ++field) {
        fields_.push_back(std::string_view(collected_.text).substr(at, collected_.ends[field] - at));
        at = collected_.ends[field];
      }
      judge(row.line, on_header, on_row);
    }
    // What is left belongs to a row that goes on in the next piece.
    collected_.text.erase(0, at);
    collected_.ends.erase(collected_.ends.begin(), collected_.ends.begin() + static_cast<std::ptrdiff_t>(field));
    for (std::size_t& end : collected_.ends) end -= at;
    collected_.rows.clear();
    collected_.unfinished = 0;
  }

  void judge(std::size_t line, const CsvRowAction& on_header, const CsvRowAction& on_row) {
    if (!has_header_) {
      if (fields_.size() > width_) refuse_width(line);
      has_header_ = true;
      width_ = fields_.size();
      return on_header(line, fields_);
    }
    if (fields_.size() != width_)
      refuse(path_, line, fmt::format("has {} fields where the header has {}", fields_.size(), width_));
    on_row(line, fields_);
  }

  void refuse_endless_row() const {
    if (collected_.ends.size() - collected_.unfinished > width_) refuse_width(collected_.unfinished_line);
    if (row_bytes_ > kLongestRow) refuse(path_, collected_.line, "the row is longer than 16 MiB");
  }

  [[noreturn]] void refuse_width(std::size_t line) const {
    refuse(path_, line,
           fmt::format("has more than {} fields{}", width_,
                       has_header_ ? fmt::format(" where the header has {}", width_) : ", which is no header"));
  }

  const std::filesystem::path& path_;
  Parser parser_;
  Collector collected_;
  std::vector<std::string_view> fields_;
  std::size_t width_;  ///< fields of a row; before the header at most so many
  std::size_t row_bytes_ = 0;
  bool has_header_ = false;
};

template <typename Text>
void compare_headers(const std::filesystem::path& path, std::span<const Text> found,
                     const std::vector<std::string>& expected) {
  const auto quoted = [](std::string_view name) { return fmt::format("'{}'", name); };
  for (std::size_t i = 0; i < std::max(expected.size(), found.size()); ++i) {
    const std::string is = i < found.size() ? quoted(found[i]) : "nothing";
    const std::string belongs = i < expected.size() ? quoted(expected[i]) : "nothing";
    if (is != belongs)
      refuse(path, 1, fmt::format("column {} of the header is {} where {} belongs", i + 1, is, belongs));
  }
}

bool needs_quotes(std::string_view field) {
  if (field.empty()) return false;
  return field.find_first_of(",\"\r\n") != std::string_view::npos || field.front() == ' ' || field.front() == '\t' ||
         field.back() == ' ' || field.back() == '\t';
}

}  // namespace

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file = open_file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void read_csv_rows(const std::filesystem::path& path, const std::vector<std::string>& header, const CsvRowAction& row) {
  const auto on_header = [&](std::size_t /*line*/, CsvFields fields) { compare_headers(path, fields, header); };
  RowReader(path, kMostColumns).read(on_header, row);
}

CsvTable read_csv(const std::filesystem::path& path) {
  const auto copy = [](CsvFields fields) { return std::vector<std::string>(fields.begin(), fields.end()); };
  CsvTable table;
  table.path = path;
  RowReader(path, kMostColumns)
      .read([&](std::size_t /*line*/, CsvFields fields) { table.header = copy(fields); },
            [&](std::size_t line, CsvFields fields) {
              table.rows.push_back({line, copy(fields)});
            });
  return table;
}

void expect_header(const CsvTable& table, const std::vector<std::string>& expected) {
  compare_headers(table.path, std::span<const std::string>(table.header), expected);
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
