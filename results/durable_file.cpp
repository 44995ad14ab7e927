#include "results/durable_file.hpp"

#include <cerrno>
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
  const bool written = text.empty() || std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (!written || std::fflush(file) != 0) fail(path);
  // A pipe or a special file cannot be synchronised (EINVAL): nothing is lost by that.
  if (fdatasync(fileno(file)) != 0 && errno != EINVAL) fail(path);
}

File open_to_append(const std::filesystem::path& path) {
  File file(std::fopen(path.c_str(), "abe"));
  if (file == nullptr) fail(path);
  return file;
}

FileReplacement::FileReplacement(std::filesystem::path path)
    : path_(std::move(path)), temporary_(path_.string() + ".tmp"), file_(std::fopen(temporary_.c_str(), "wbe")) {
  if (file_ == nullptr) fail(temporary_);
}

void FileReplacement::write(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size()) fail(temporary_);
}

void FileReplacement::commit() {
  append_durably(file_.get(), temporary_, {});
  file_.reset();
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) fail(path_);
}

void replace_file(const std::filesystem::path& path, std::string_view text) {
  FileReplacement replacement(path);
  replacement.write(text);
  replacement.commit();
}

void cut_file(const std::filesystem::path& path, std::uintmax_t size) {
  std::filesystem::resize_file(path, size);
  append_durably(open_to_append(path).get(), path, {});
}

}  // namespace weft
