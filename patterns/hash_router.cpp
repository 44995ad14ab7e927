#include "patterns/hash_router.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "core/error.hpp"

namespace weft {

namespace {

/// The next of a sequence of well mixed numbers (SplitMix64: Steele, Lea & Flood 2014).
std::uint64_t split_mix(std::uint64_t& state) {
  std::uint64_t z = (state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

std::vector<double> zipf(std::uint64_t count, double exponent) {
  std::vector<double> weights;
  weights.reserve(count);
  for (std::uint64_t i = 1; i <= count; ++i) weights.push_back(std::pow(static_cast<double>(i), -exponent));
  return weights;
}

std::vector<double> frequencies(const Model& model, double exponent) {
  if (model.vocabulary == 0)
    throw UsageError(
        fmt::format("--router hash: the file of {} lacks \"vocab_size\", how many token ids there are", model.name));
  return zipf(model.vocabulary, exponent);
}

}  // namespace

HashRouter::HashRouter(const Model& model, double exponent, std::uint64_t seed, std::uint64_t routing)
    : seed_(seed), routing_(routing), experts_(model.experts), ids_(frequencies(model, exponent)) {}

void HashRouter::choose(std::uint64_t id, std::span<std::uint32_t> chosen) const {
  std::uint64_t state = routing_ << 32 ^ id;
  auto end = chosen.begin();
  while (end != chosen.end()) {
    const auto expert = static_cast<std::uint32_t>(((split_mix(state) >> 32) * experts_) >> 32);
    if (std::find(chosen.begin(), end, expert) == end) *end++ = expert;
  }
}

}  // namespace weft
