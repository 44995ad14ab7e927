#include "measure/agree.hpp"

#include <algorithm>
#include <cstring>
#include <string>

namespace weft {

std::vector<double> largest_over_ranks(World& world, std::span<const double> mine) {
  std::vector<double> largest(mine.begin(), mine.end());
  for (const std::string& blob :
       world.allgather({reinterpret_cast<const char*>(mine.data()), mine.size() * sizeof(double)})) {
    for (std::size_t i = 0; i < largest.size(); ++i) {
      double theirs = 0;
      std::memcpy(&theirs, blob.data() + i * sizeof(double), sizeof(double));
      largest[i] = std::max(largest[i], theirs);
    }
  }
  return largest;
}

double largest_over_ranks(World& world, double mine) {
  return largest_over_ranks(world, std::span<const double>(&mine, 1)).front();
}

}  // namespace weft
