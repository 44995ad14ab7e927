#pragma once

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

std::string join(std::span<const std::string> parts, std::string_view separator);

/// "1 point", "2 points".
std::string counted(std::size_t count, std::string_view what);

/// "a", "a and b", "a, b and c"; of more than `most` names that many, "and 5 more". Empty where there are none.
std::string enumerate(std::vector<std::string> names, std::size_t most);

}  // namespace weft
