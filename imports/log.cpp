#include "imports/log.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <fstream>

#include <fmt/format.h>

#include "core/error.hpp"

namespace weft {

namespace {

constexpr std::size_t kLongestLine = std::size_t{1} << 20;
constexpr std::size_t kLongestLog = std::size_t{256} << 20;
constexpr std::size_t kPiece = std::size_t{1} << 16;

bool is_blank(char letter) { return letter == ' ' || letter == '\t'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Whether it may be JSON, which has no lines to speak of.
bool may_be_json(std::string_view text) { return text.starts_with("{"); }

/// Looks at each piece of a log as it comes.
class Inspector {
 public:
  explicit Inspector(const Log& log) : log_(log) {}

  void look(std::string_view piece) {
    for (const char letter : piece) {
      if (letter == '\n') {
        ++line_;
        length_ = 0;
      } else if (letter == '\0') {
        refuse_log(log_, line_, "has a byte 0, so this is no log but a binary file");
      } else if (++length_ > kLongestLine && !may_be_json(log_.text)) {
        refuse_log(log_, line_, "is longer than 1 MiB, so this is no log of a benchmark");
      }
    }
    if (log_.text.size() > kLongestLog)
      refuse_log(log_, line_, "lies beyond 256 MiB: no log of a benchmark is that long");
  }

 private:
  const Log& log_;
  std::size_t line_ = 1;
  std::size_t length_ = 0;
};

template <typename Number>
std::optional<Number> parsed(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

void read_log(const std::filesystem::path& path, Log& log) {
  log.path = path;
  std::error_code ignored;
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path, ignored))
    throw UsageError(
        fmt::format("{}: cannot be read ({})", path.string(), file ? "it is a folder" : std::strerror(errno)));
  Inspector inspector(log);
  std::string piece(kPiece, '\0');
  while (file.read(piece.data(), kPiece) || file.gcount() > 0) {
    const std::string_view read(piece.data(), static_cast<std::size_t>(file.gcount()));
    log.text += read;
    inspector.look(read);
  }
  if (log.text.empty()) throw UsageError(fmt::format("{}: is empty where a log should be", path.string()));
  log.ends_in_a_line = log.text.back() == '\n';
  for (std::string_view rest = log.text; !rest.empty();) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    log.lines.push_back(line);
  }
}

void refuse_log(const Log& log, std::size_t line, std::string_view what) {
  throw UsageError(fmt::format("{}, line {}: {}", log.path.string(), line, what));
}

std::string log_hash(const Log& log) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char letter : log.text) {
    hash ^= static_cast<unsigned char>(letter);
    hash *= 0x100000001b3;
  }
  return fmt::format("{:016x}", hash);
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (line = trimmed(line); !line.empty(); line = trimmed(line)) {
    words.push_back(line.substr(0, line.find_first_of(" \t")));
    line.remove_prefix(words.back().size());
  }
  return words;
}

std::vector<std::string> titles_of(std::string_view line) {
  std::vector<std::string> titles;
  for (line = trimmed(line); !line.empty(); line = trimmed(line)) {
    const std::string_view title = line.substr(0, line.find("  "));
    titles.emplace_back(trimmed(title));
    line.remove_prefix(title.size());
  }
  return titles;
}

bool begins_with_digit(std::string_view line) {
  line = trimmed(line);
  return !line.empty() && line.front() >= '0' && line.front() <= '9';
}

std::optional<double> number_of(std::string_view text) {
  const std::optional<double> value = parsed<double>(text);
  return value && std::isfinite(*value) && *value >= 0 ? value : std::nullopt;
}

std::optional<std::uint64_t> whole_number_of(std::string_view text) { return parsed<std::uint64_t>(text); }

double number_in(const Log& log, std::size_t line, std::string_view text, std::string_view what) {
  const std::optional<double> value = number_of(text);
  if (!value) refuse_log(log, line, fmt::format("'{}' stands where the {} should", text, what));
  return *value;
}

std::uint64_t whole_number_in(const Log& log, std::size_t line, std::string_view text, std::string_view what) {
  const std::optional<std::uint64_t> value = whole_number_of(text);
  if (!value) refuse_log(log, line, fmt::format("'{}' stands where the {} should", text, what));
  return *value;
}

void expect_whole_line(const Log& log, std::size_t line) {
  if (line == log.lines.size() && !log.ends_in_a_line)
    refuse_log(log, line, "the log is cut in the middle of this line");
}

}  // namespace weft
