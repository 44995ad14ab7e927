#include "patterns/json_file.hpp"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"
#include "core/units.hpp"

namespace weft {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// Published files have a few kilobytes.
constexpr std::size_t kLargestFile = 16 << 20;
constexpr int kDeepest = 100;

std::string read_text(const JsonKind& kind, const fs::path& path) {
  std::error_code failure;
  const fs::file_type type = fs::status(path, failure).type();
  const bool readable = type == fs::file_type::regular || type == fs::file_type::character;  // a FIFO would block
  std::ifstream file;
  if (readable) file.open(path);
  if (!file.is_open() || !file)
    throw UsageError(fmt::format("{}: cannot be read: give the path of {}", path.string(), kind.needed));
  std::string text(kLargestFile + 1, '\0');  // /dev/zero has no end
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kLargestFile)
    throw UsageError(
        fmt::format("{}: is larger than {}: {} is needed", path.string(), format_bytes(kLargestFile), kind.needed));
  return text;
}

}  // namespace

std::vector<std::string> json_names_in(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code failure;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, failure))
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

fs::path find_json_file(const JsonKind& kind, const std::string& name_or_path, const std::string& directory) {
  const fs::path path(name_or_path);
  std::error_code failure;
  if (name_or_path.find('/') != std::string::npos || path.extension() == ".json")
    return !kind.in_folder.empty() && fs::is_directory(path, failure) ? path / kind.in_folder : path;
  const std::vector<std::string> names = json_names_in(directory);
  if (names.empty())
    throw UsageError(fmt::format("{} {}: no {}s lie in '{}': give the path of {}", kind.flag, name_or_path, kind.name,
                                 directory, kind.needed));
  if (std::find(names.begin(), names.end(), name_or_path) == names.end())
    throw UsageError(unknown_name(kind.name, name_or_path, names) + "; or give the path of " + kind.needed);
  return fs::path(directory) / (name_or_path + ".json");
}

json read_json_object(const JsonKind& kind, const fs::path& path) {
  const std::string text = read_text(kind, path);
  // Copying and printing recurse with the depth of a value: what is nested too deeply is not kept.
  bool too_deep = false;
  const auto keep = [&](int depth, json::parse_event_t, json&) {
    too_deep |= depth > kDeepest;
    return depth <= kDeepest;
  };
  json object;
  try {
    object = json::parse(text, keep);
  } catch (const json::out_of_range&) {
    throw UsageError(
        fmt::format("{}: holds a number too large for any shape: {} is needed", path.string(), kind.needed));
  } catch (const json::parse_error& error) {
    const bool cut = error.byte > text.size();
    throw UsageError(fmt::format("{}: {} at byte {}: {} is needed", path.string(),
                                 cut ? "ends too soon" : "is not JSON", std::min(error.byte, text.size()),
                                 kind.needed));
  }
  if (too_deep)
    throw UsageError(
        fmt::format("{}: is nested more than {} deep: {} is needed", path.string(), kDeepest, kind.needed));
  if (!object.is_object())
    throw UsageError(fmt::format("{}: holds {} {}: {}, an object, is needed", path.string(),
                                 object.is_array() ? "an" : "a", object.type_name(), kind.needed));
  return object;
}

std::string shown(const json& value) {
  const std::string text = value.dump(-1, ' ', true, json::error_handler_t::replace);
  return text.size() <= 40 ? text : text.substr(0, 37) + "...";
}

std::string printable(const std::string& text) {
  const std::string quoted = shown(text);
  return quoted.substr(1, quoted.size() - 2);
}

void refuse_unknown_members(const json& object, const std::vector<std::string>& known, const fs::path& path) {
  for (const auto& item : object.items())
    if (std::find(known.begin(), known.end(), item.key()) == known.end())
      throw UsageError(fmt::format("{}: {}", path.string(), unknown_name("member", printable(item.key()), known)));
}

const json& needed_member(const json& object, const std::string& member, const fs::path& path) {
  const auto found = object.find(member);
  if (found == object.end()) throw UsageError(fmt::format("{}: lacks \"{}\"", path.string(), member));
  return *found;
}

std::uint64_t whole_number(const json& value, const std::string& member, WholeNumbers range, const fs::path& path) {
  const bool fits = value.is_number_unsigned() && value.get<std::uint64_t>() >= range.least &&
                    value.get<std::uint64_t>() <= range.most;
  if (!fits)
    throw UsageError(fmt::format("{}: \"{}\" is {}: a whole number from {} to {} is needed", path.string(), member,
                                 shown(value), range.least, range.most));
  return value.get<std::uint64_t>();
}

}  // namespace weft
