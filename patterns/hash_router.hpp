#pragma once

#include <cstdint>
#include <random>
#include <span>

#include "patterns/model.hpp"
#include "patterns/router.hpp"

namespace weft {

/// Sends a token where a fixed hash of its id says, as the first layers of DeepSeek-V4 do: the load follows how
/// frequent the token ids are. Assumption: ids are drawn from a Zipf distribution over the model's vocabulary, the i-th
/// id with a probability in proportion to 1 / i^exponent (1 is Zipf's law of words). The hash is another one in each
/// routing (a layer), and does not depend on the seed; groups are left aside.
class HashRouter {
 public:
  using Random = std::mt19937_64;

  /// Throws UsageError where the model's file does not say how large its vocabulary is.
  HashRouter(const Model& model, double exponent, std::uint64_t seed, std::uint64_t routing);

  /// The random numbers of one stream (a source rank): independent of the other streams.
  Random stream(std::uint64_t index) const { return random_stream(seed_, routing_, index); }

  /// Experts of the next token, distinct; chosen.size() is top-k.
  void draw(Random& random, std::span<std::uint32_t> chosen) const { choose(ids_(random()), chosen); }

  /// Experts of the tokens with this id.
  void choose(std::uint64_t id, std::span<std::uint32_t> chosen) const;

 private:
  std::uint64_t seed_;
  std::uint64_t routing_;
  std::uint64_t experts_;
  AliasTable ids_;
};

}  // namespace weft
