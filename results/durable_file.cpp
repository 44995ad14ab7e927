#include "results/durable_file.hpp"

#include <cerrno>
#include <memory>
#include <string>
#include <system_error>

#include <unistd.h>

namespace weft {

namespace {

[[noreturn]] void fail(const std::filesystem::path& path) {
  throw std::system_error(errno, std::generic_category(), path.string());
}

}  // namespace

void append_durably(std::FILE* file, const std::filesystem::path& path, std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), file) != text.size() || std::fflush(file) != 0) fail(path);
  // A pipe or a special file cannot be synchronised (EINVAL): nothing is lost by that.
  if (fdatasync(fileno(file)) != 0 && errno != EINVAL) fail(path);
}

std::FILE* open_to_append(const std::filesystem::path& path) {
  std::FILE* file = std::fopen(path.c_str(), "abe");
  if (file == nullptr) fail(path);
  return file;
}

void replace_file(const std::filesystem::path& path, std::string_view text) {
  const std::filesystem::path temporary = path.string() + ".tmp";
  {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(temporary.c_str(), "wbe"), std::fclose);
    if (file == nullptr) fail(temporary);
    append_durably(file.get(), temporary, text);
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) fail(path);
}

}  // namespace weft
