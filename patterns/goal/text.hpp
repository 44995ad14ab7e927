#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace weft {

/// A word, a whole number, one of `{`, `}` and `:`, the end of the file, or what is none of these.
struct GoalToken {
  enum class Kind : std::uint8_t { word, number, sign, end, other };

  Kind kind = Kind::end;
  std::uint64_t line = 1;
  std::string text;  ///< as it stands in the file
  std::uint64_t number = 0;

  bool is(std::string_view word) const { return kind == Kind::word && text == word; }
  bool is(char sign) const { return kind == Kind::sign && text[0] == sign; }
  /// As an error message shows it.
  std::string described() const;
};

/// A GOAL file, token by token, with the memory of one piece of it. Blanks, line ends and the comments `// …` and
/// `/* … */` are between tokens.
class GoalText {
 public:
  /// Throws UsageError where the file cannot be read.
  explicit GoalText(const std::filesystem::path& path);

  /// The token at which the reading stands.
  const GoalToken& token() const { return token_; }
  void advance();
  /// Throws the UsageError "PATH, line N: what".
  [[noreturn]] void refuse(std::string_view what) const;
  /// The same: "… where `what` should be".
  [[noreturn]] void expected(std::string_view what) const;

 private:
  static constexpr int kEnd = -1;

  int peek();
  void skip() { ++next_; }
  void pass_blanks();
  void pass_comment();
  template <typename Belongs>
  void take_while(Belongs belongs);

  std::filesystem::path path_;
  std::ifstream file_;
  std::array<char, 1 << 16> piece_;
  std::size_t next_ = 0;
  std::size_t filled_ = 0;
  std::uint64_t line_ = 1;
  GoalToken token_;
};

}  // namespace weft
