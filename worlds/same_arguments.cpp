#include "worlds/same_arguments.hpp"

#include <fstream>
#include <iterator>

#include <fmt/format.h>

namespace weft {
namespace {

// What the user typed after the program's name.
std::string typed_arguments() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  const std::string line{std::istreambuf_iterator<char>(file), {}};
  const std::size_t first = line.find('\0');
  return first == std::string::npos ? std::string() : line.substr(first + 1);
}

}  // namespace

std::string find_other_arguments(World& world) {
  const auto all = world.allgather(typed_arguments());
  for (std::size_t peer = 0; peer < all.size(); ++peer)
    if (all[peer] != all.front())
      return fmt::format("rank {} was started with other arguments than rank 0: give all the same command line", peer);
  return {};
}

}  // namespace weft
