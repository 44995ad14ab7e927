#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace weft {

/// A kind of JSON file that users name: a model, a layout.
struct JsonKind {
  std::string name;       ///< as it is called in the singular
  std::string flag;       ///< where the user named it: a flag or a positional argument
  std::string needed;     ///< what would be right, with its article
  std::string in_folder;  ///< the file that a folder means; where empty, a folder means none
};

/// Names without .json of the JSON files of a directory, sorted; none where it cannot be read.
std::vector<std::string> json_names_in(const std::string& directory);

/// `name_or_path` is a path where it has a slash or ends in .json, else the name of a file in `directory`. Throws
/// UsageError for an unknown name, with the nearest right one.
std::filesystem::path find_json_file(const JsonKind& kind, const std::string& name_or_path,
                                     const std::string& directory);

/// The object that a file holds, whatever the file is. Throws UsageError with one sentence that names the file where it
/// is missing, endless, cut, not JSON, no object, nested deeper than can be copied, or holds a number beyond a double.
nlohmann::json read_json_object(const JsonKind& kind, const std::filesystem::path& path);

/// A value as messages quote it: on one line, cut after 40 characters.
std::string shown(const nlohmann::json& value);
/// A text likewise, without the quotes.
std::string printable(const std::string& text);

/// Throws UsageError for the first member that is not known, with the nearest that is.
void refuse_unknown_members(const nlohmann::json& object, const std::vector<std::string>& known,
                            const std::filesystem::path& path);

/// Throws UsageError where the object lacks the member.
const nlohmann::json& needed_member(const nlohmann::json& object, const std::string& member,
                                    const std::filesystem::path& path);

struct WholeNumbers {
  std::uint64_t least;
  std::uint64_t most;
};

/// Throws UsageError naming file and member where the value is no whole number in the range.
std::uint64_t whole_number(const nlohmann::json& value, const std::string& member, WholeNumbers range,
                           const std::filesystem::path& path);

}  // namespace weft
