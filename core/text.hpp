#pragma once

#include <charconv>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

/// The candidate with the smallest edit distance to `name` (Damerau and Levenshtein); empty where none is near, that is
/// where more than about a third of the letters differ.
std::string nearest_name(std::string_view name, std::span<const std::string> candidates);

/// "unknown transport 'smh': did you mean 'shm'? (known: mpi, shm, model)"
std::string unknown_name(std::string_view kind, std::string_view name, std::span<const std::string> candidates);

/// Splits at a separator; empty parts are kept, blanks around a part are not.
std::vector<std::string> split(std::string_view text, char separator);

/// The text read as a whole number; empty where it is none from its first letter to its last, or too large.
template <typename Integer>
std::optional<Integer> whole_number(std::string_view text) {
  Integer value{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end ? std::optional(value) : std::nullopt;
}

std::string join(std::span<const std::string> parts, std::string_view separator);

/// "1 point", "2 points".
std::string counted(std::size_t count, std::string_view what);

/// "a", "a and b", "a, b and c"; of more than `most` names that many, "and 5 more". Empty where there are none.
std::string enumerate(std::vector<std::string> names, std::size_t most);

}  // namespace weft
