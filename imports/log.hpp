#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

/// The text of a log. Lines are without their ends.
struct Log {
  std::filesystem::path path;
  std::string text;
  std::vector<std::string_view> lines;  ///< into `text`
  bool ends_in_a_line = true;           ///< false: the last line has no end, as in a log that was cut

  Log() = default;
  Log(const Log&) = delete;  ///< the lines point into the text
  Log& operator=(const Log&) = delete;
};

/// Reads a log into `log`, a piece at a time, so that a file that is no log is refused before it fills the memory.
/// Throws UsageError naming the file and the line: cannot be read, empty, binary, a line of more than 1 MiB (JSON
/// apart, which has no lines), more than 256 MiB.
void read_log(const std::filesystem::path& path, Log& log);

/// Throws the UsageError "LOG, line N: what". `line` is from 1.
[[noreturn]] void refuse_log(const Log& log, std::size_t line, std::string_view what);

/// FNV-1a, 64 bit, of the text, in hexadecimal.
std::string log_hash(const Log& log);

/// The words between blanks.
std::vector<std::string_view> words_of(std::string_view line);

/// The cells of a header whose titles hold single blanks: what two or more blanks separate.
std::vector<std::string> titles_of(std::string_view line);

/// Whether the line begins with a digit, blanks apart: how a row of figures is told from all else.
bool begins_with_digit(std::string_view line);

/// The whole text as a number that is finite and not negative.
std::optional<double> number_of(std::string_view text);
std::optional<std::uint64_t> whole_number_of(std::string_view text);

/// The same, or refuse_log with what it should have been ("time").
double number_in(const Log& log, std::size_t line, std::string_view text, std::string_view what);
std::uint64_t whole_number_in(const Log& log, std::size_t line, std::string_view text, std::string_view what);

/// refuse_log where `line` is the last one and has no end: its last figure may lack digits.
void expect_whole_line(const Log& log, std::size_t line);

}  // namespace weft
