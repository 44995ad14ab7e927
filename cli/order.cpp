#include "cli/order.hpp"

#include <numeric>
#include <utility>

#include <boost/random/mersenne_twister.hpp>
#include <boost/random/seed_seq.hpp>
#include <boost/random/uniform_int_distribution.hpp>

namespace weft::cli {

std::vector<std::size_t> shuffled_order(std::size_t count, std::uint64_t seed, int launch) {
  boost::random::seed_seq seeds{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32),
                                static_cast<std::uint32_t>(launch)};
  boost::random::mt19937_64 engine(seeds);
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t left = count; left > 1; --left)
    std::swap(order[left - 1], order[boost::random::uniform_int_distribution<std::size_t>(0, left - 1)(engine)]);
  return order;
}

}  // namespace weft::cli
