#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include <fmt/format.h>
#include <unistd.h>

namespace weft {

/// A small GOAL schedule for any number of ranks, with a bit of everything: a ring on several tags, messages that are
/// taken in another order than they are sent in, one of no bytes, a receive that is longer than its message, calcs on
/// two cpus, a join, both kinds of requirements.
inline std::string goal_example_text(int ranks) {
  std::string text = fmt::format("num_ranks {}\n", ranks);
  for (int rank = 0; rank < ranks; ++rank) {
    text += fmt::format("rank {} {{\n  a: calc 50\n  b: calc 70 cpu 1\n  c: calc 30 cpu 1\n  join: calc 0\n", rank);
    text += "  join requires a\n  join requires b\n";
    if (ranks > 1) {
      const int next = (rank + 1) % ranks;
      const int before = (rank + ranks - 1) % ranks;
      text += fmt::format(
          "  // around the ring\n"
          "  first: send 100b to {0} tag 0 cpu 0 nic 0\n  got_first: recv 100b from {1} tag 0\n"
          "  b irequires first\n  join requires got_first\n"
          "  large: send 4099b to {0} tag 5\n  large requires join\n"
          "  empty: send 0b to {0} tag 4294967294\n  empty irequires large\n"
          "  again: send 17b to {0} tag 5\n  again requires large\n  again requires c\n"
          "  /* the other way\n     round */\n"
          "  got_empty: recv 0b from {1} tag 4294967294\n  got_large: recv 5000b from {1} tag 5\n"
          "  got_large requires got_empty  got_again requires got_large\n"
          "  got_again: recv 17b from {1} tag 5\n"
          "  recv 1b from {1}\n  send 1b to {0}\n",
          next, before);
    }
    text += "}\n";
  }
  return text;
}

/// The path of a file with it, which is gone when the program ends.
inline std::string goal_example(int ranks) {
  struct Files {
    Files() = default;
    Files(const Files&) = delete;
    Files& operator=(const Files&) = delete;
    ~Files() {
      std::error_code ignored;
      for (const auto& one : paths) std::filesystem::remove(one.second, ignored);
    }
    std::map<int, std::filesystem::path> paths;
  };
  static Files files;
  std::filesystem::path& path = files.paths[ranks];
  if (path.empty()) {
    path = std::filesystem::temp_directory_path() / fmt::format("weft-example-{}-{}.goal", ::getpid(), ranks);
    std::ofstream(path) << goal_example_text(ranks);
  }
  return path.string();
}

}  // namespace weft
