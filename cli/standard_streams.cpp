#include "cli/standard_streams.hpp"

#include <cerrno>
#include <cstdio>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace weft::cli {

void open_closed_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(stream, F_GETFD) < 0) open("/dev/null", O_RDWR);  // gets the least number that is free: this one
}

void flush_standard_output() {
  int error = std::fflush(stdout) == 0 ? 0 : errno;
  if (error == 0 && std::ferror(stdout) != 0) error = EIO;  // what failed before, and why, is gone with its buffer
  if (error != 0) throw std::system_error(error, std::generic_category(), "standard output cannot be written");
}

}  // namespace weft::cli
