#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <boost/random/mersenne_twister.hpp>
#include <boost/random/normal_distribution.hpp>
#include <boost/random/uniform_01.hpp>

namespace weft::test {

/// Series of known distribution, each from a seed.
class Series {
 public:
  explicit Series(std::uint64_t seed) : random_(seed) {}

  double normal() { return normal_(random_); }
  double uniform() { return boost::random::uniform_01<double>()(random_); }

  /// Around 1, with this coefficient of variation.
  std::vector<double> around_one(std::size_t n, double variation) {
    std::vector<double> values(n);
    for (double& value : values) value = 1 + variation * normal();
    return values;
  }

  /// Median 1.
  std::vector<double> log_normal(std::size_t n, double sigma) {
    std::vector<double> values(n);
    for (double& value : values) value = std::exp(sigma * normal());
    return values;
  }

  /// The exponential of sigma times an autoregressive series of variance 1 with this correlation of neighbours.
  std::vector<double> autoregressive(std::size_t n, double phi, double sigma) {
    std::vector<double> values(n);
    double state = normal();
    for (double& value : values) {
      value = std::exp(sigma * state);
      state = phi * state + std::sqrt(1 - phi * phi) * normal();
    }
    return values;
  }

 private:
  boost::random::mt19937_64 random_;
  boost::random::normal_distribution<double> normal_;
};

}  // namespace weft::test
