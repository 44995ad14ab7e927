#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string_view>

namespace weft {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

/// Replaces a file so that at any time, also after a crash, there is the old one or the new one: a temporary file in
/// the same folder, fsync, rename. Throws std::system_error naming the file.
void replace_file(const std::filesystem::path& path, std::string_view text);

/// Appends to a file and waits until the disk has it. Throws std::system_error naming the file.
void append_durably(std::FILE* file, const std::filesystem::path& path, std::string_view text);

/// Opens for appending, closed on exec. Throws std::system_error naming the file.
File open_to_append(const std::filesystem::path& path);

/// Writes the successor of a file piece by piece; until commit() there is the old file alone. Throws std::system_error
/// naming the file.
class FileReplacement {
 public:
  explicit FileReplacement(std::filesystem::path path);
  void write(std::string_view text);
  void commit();

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;
  File file_;
};

/// Cuts a file to its first `size` bytes and waits until the disk has it. Throws std::system_error naming the file.
void cut_file(const std::filesystem::path& path, std::uintmax_t size);

}  // namespace weft
