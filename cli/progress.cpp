#include "cli/progress.hpp"

#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

namespace weft::cli {

namespace {

std::string minutes(Nanoseconds duration) {
  const Nanoseconds seconds = duration / 1'000'000'000;
  return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
}

}  // namespace

Progress::Progress(std::size_t points) : points_(points), terminal_(isatty(STDERR_FILENO) == 1) {}

void Progress::start_point(const std::string& what) {
  const Nanoseconds spent = monotonic_now() - began_;
  const std::string left = done_ == 0
                               ? std::string()
                               : fmt::format(", about {} left", minutes(spent / static_cast<Nanoseconds>(done_) *
                                                                        static_cast<Nanoseconds>(points_ - done_)));
  const std::string line = fmt::format("[{}/{}] {}{}", done_ + 1, points_, what, left);
  fmt::print(stderr, "{}{}{}", terminal_ ? "\r\x1b[K" : "", line, terminal_ ? "" : "\n");
  std::fflush(stderr);
}

void Progress::skip_point() { --points_; }

void Progress::end_point() {
  ++done_;
  if (terminal_) fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
}

}  // namespace weft::cli
