#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "patterns/model.hpp"
#include "patterns/request.hpp"

namespace weft {

/// Draws from a discrete distribution in constant time (Walker 1977; Vose 1991).
class AliasTable {
 public:
  AliasTable() = default;
  explicit AliasTable(std::span<const double> weights);  ///< none negative, not all 0

  /// `bits` are 64 random bits: 32 choose the column, 32 the side.
  std::uint32_t operator()(std::uint64_t bits) const {
    const auto index = static_cast<std::uint32_t>(((bits >> 32) * columns_.size()) >> 32);
    const Column& column = columns_[index];
    return static_cast<std::uint32_t>(bits) < column.threshold ? index : column.alias;
  }

 private:
  struct Column {
    std::uint32_t threshold;
    std::uint32_t alias;
  };
  std::vector<Column> columns_;
};

/// Random numbers that are independent for each three numbers: a seed, a routing, a stream in it. The bits are those of
/// the 64-bit Mersenne twister as the C++ standard defines it.
std::mt19937_64 random_stream(std::uint64_t seed, std::uint64_t routing, std::uint64_t stream);

/// Chooses top-k distinct experts for each token, by a popularity that is fixed for one routing. Without groups the
/// experts are drawn one after another, each in proportion to its popularity among those not yet chosen (which is what
/// the top k of independent scores with Gumbel noise are). With groups as in DeepSeek-V3: the groups whose best two
/// experts score highest are taken, then the best k experts in them.
///
/// Deterministic: only the last bit of the mathematical library's exp and log may differ from platform to platform.
class Router {
 public:
  using Random = std::mt19937_64;

  /// Popularity over the experts: `uniform`; `lognormal` (DeepEP PR 393 found it to fit recorded V3 routing best) or
  /// `powerlaw`, whose parameter is solved for such that the load of the busiest expert over the mean is
  /// options.value (with groups the achieved value may differ). Which experts are popular depends on `seed` and
  /// `routing`. Throws UsageError for an unknown kind, and for a ratio below 1 or out of reach: an expert takes a token
  /// at most once.
  Router(const Model& model, const RouterOptions& options, std::uint64_t seed, std::uint64_t routing);

  /// A popularity for each expert in its order, none negative, top-k or more of them positive.
  Router(std::span<const double> weights, const Model& model, std::uint64_t seed, std::uint64_t routing);

  /// The random numbers of one stream (a source rank): independent of the other streams.
  Random stream(std::uint64_t index) const { return random_stream(seed_, routing_, index); }

  /// Experts of the next token, distinct; chosen.size() is top-k.
  void draw(Random& random, std::span<std::uint32_t> chosen) const;

  /// How many of `tokens` tokens of a stream each expert gets.
  std::vector<std::uint64_t> count(std::uint64_t tokens, std::uint64_t stream_index) const;

 private:
  void draw_ungrouped(Random& random, std::span<std::uint32_t> chosen) const;
  void draw_grouped(Random& random, std::span<std::uint32_t> chosen) const;

  std::uint64_t seed_;
  std::uint64_t routing_;
  std::uint32_t experts_;
  std::uint32_t top_k_;
  std::uint32_t groups_;
  std::uint32_t top_groups_;
  AliasTable table_;                      ///< all experts
  std::vector<AliasTable> group_tables_;  ///< the experts of each group
  std::vector<double> group_popularity_;  ///< sums; the mean expert has 1
};

}  // namespace weft
