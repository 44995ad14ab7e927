#include "patterns/goal/text.hpp"

#include <charconv>

#include <fmt/format.h>

#include "core/error.hpp"
#include "patterns/replay.hpp"

namespace weft {

namespace {

constexpr std::size_t kLongestToken = 255;

bool is_digit(int c) { return c >= '0' && c <= '9'; }
bool is_letter(int c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_blank(int c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

std::string GoalToken::described() const {
  switch (kind) {
    case Kind::end:
      return "the file ends";
    case Kind::other:
      return fmt::format("byte 0x{:02x} stands", static_cast<unsigned char>(text[0]));
    case Kind::number:
    case Kind::word:
    case Kind::sign:
      break;
  }
  return fmt::format("'{}' stands", text);
}

GoalText::GoalText(const std::filesystem::path& path) : path_(path), file_(path, std::ios::binary) {
  if (!file_ || std::filesystem::is_directory(path))
    throw UsageError(fmt::format("{}: cannot be read: --goal needs a GOAL schedule", path.string()));
  advance();
}

int GoalText::peek() {
  if (next_ == filled_) {
    file_.read(piece_.data(), static_cast<std::streamsize>(piece_.size()));
    next_ = 0;
    filled_ = static_cast<std::size_t>(file_.gcount());
    if (filled_ == 0) return kEnd;
  }
  return static_cast<unsigned char>(piece_[next_]);
}

void GoalText::pass_comment() {
  skip();
  const int kind = peek();
  if (kind != '/' && kind != '*') {
    token_ = {.kind = GoalToken::Kind::other, .line = line_, .text = "/"};
    refuse("'/' begins no comment: // or /* does");
  }
  skip();
  token_.line = line_;  // of the beginning, should the end be missing
  for (int before = 0, c = peek(); c != kEnd && (kind != '/' || c != '\n'); before = c, c = peek()) {
    if (c == '\n') ++line_;
    skip();
    if (kind == '*' && before == '*' && c == '/') return;
  }
  if (kind == '*') refuse("the comment has no end: */ is missing");
}

void GoalText::pass_blanks() {
  for (int c = peek(); is_blank(c) || c == '/'; c = peek()) {
    if (c == '/') {
      pass_comment();
      continue;
    }
    if (c == '\n') ++line_;
    skip();
  }
}

template <typename Belongs>
void GoalText::take_while(Belongs belongs) {
  for (int c = peek(); belongs(c); c = peek()) {
    if (token_.text.size() == kLongestToken)
      refuse(fmt::format("a word or number of more than {} characters", kLongestToken));
    token_.text += static_cast<char>(c);
    skip();
  }
}

void GoalText::advance() {
  using Kind = GoalToken::Kind;
  pass_blanks();
  token_.line = line_;
  token_.text.clear();
  const int c = peek();
  if (c == kEnd) {
    token_.kind = Kind::end;
    return;
  }
  token_.text += static_cast<char>(c);
  skip();
  if (is_letter(c) || c == '_') {
    token_.kind = Kind::word;
    take_while([](int next) { return is_letter(next) || is_digit(next) || next == '_'; });
  } else if (is_digit(c) || c == '-') {
    token_.kind = Kind::number;
    take_while(is_digit);
    // Where it is negative or too large, no range of the parser holds it.
    const auto [end, error] =
        std::from_chars(token_.text.data(), token_.text.data() + token_.text.size(), token_.number);
    if (error != std::errc()) token_.number = UINT64_MAX;
  } else {
    token_.kind = c == '{' || c == '}' || c == ':' ? Kind::sign : Kind::other;
  }
}

void GoalText::refuse(std::string_view what) const { RecordPlace{.path = path_, .line = token_.line}.refuse(what); }

void GoalText::expected(std::string_view what) const {
  refuse(fmt::format("{} where {} should be", token_.described(), what));
}

}  // namespace weft
