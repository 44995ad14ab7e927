#pragma once

#include <cstdio>
#include <filesystem>
#include <string_view>

namespace weft {

/// Replaces a file so that at any time, also after a crash, there is the old one or the new one: a temporary file in
/// the same folder, fsync, rename. Throws std::system_error naming the file.
void replace_file(const std::filesystem::path& path, std::string_view text);

/// Appends to a file and waits until the disk has it. Throws std::system_error naming the file.
void append_durably(std::FILE* file, const std::filesystem::path& path, std::string_view text);

/// Opens for appending, closed on exec. Throws std::system_error naming the file.
std::FILE* open_to_append(const std::filesystem::path& path);

}  // namespace weft
