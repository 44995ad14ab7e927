#include "cli/report_file.hpp"

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <system_error>

#include <fmt/format.h>

#include "core/error.hpp"

namespace weft::cli {

bool is_standard_output(const std::string& file) { return file == "-"; }

void write_report(std::string_view flag, const std::string& file, const std::string& text) {
  if (file.empty()) return;
  if (is_standard_output(file)) {
    fmt::print("{}", text);
    return;
  }
  errno = 0;
  std::ofstream stream(file, std::ios::binary);  // not replaced by a new file: it may be a pipe, or /dev/null
  stream << text;
  stream.close();
  if (!stream)
    throw UsageError(fmt::format("{} {}: cannot be written ({}): name a file that can", flag, file,
                                 std::generic_category().message(errno)));
}

}  // namespace weft::cli
