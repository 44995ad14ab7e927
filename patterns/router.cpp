#include "patterns/router.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "patterns/popularity.hpp"

namespace weft {

namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

/// Exponential with mean 1.
double exponential(Router::Random& random) { return -std::log((static_cast<double>(random() >> 11) + 1) * 0x1p-53); }

/// One group's experts as arrivals in time, each at the rate of its popularity: the order of the first arrivals is the
/// order of scores (the smaller the time the higher the score). Without initial values: it lies on the stack of a draw.
struct Race {
  std::uint32_t arrived;
  std::uint32_t taken;
  double times[kMostTopK + 2];
  std::uint32_t experts[kMostTopK + 2];

  void start() {
    arrived = 0;
    taken = 0;
  }

  /// The next expert that has not yet arrived; never, where all have.
  void advance(Router::Random& random, const AliasTable& table, double rate, std::uint32_t first, std::uint32_t size) {
    if (arrived >= size) {
      times[arrived] = kNever;
      return;
    }
    double time = arrived == 0 ? 0 : times[arrived - 1];
    std::uint32_t expert = 0;
    do {
      time += exponential(random) / rate;
      expert = first + table(random());
    } while (std::find(experts, experts + arrived, expert) != experts + arrived);
    times[arrived] = time;
    experts[arrived] = expert;
    ++arrived;
  }

  double next_time() const { return times[taken]; }
};

/// Popularities put on the experts in a random order (Fisher and Yates).
void shuffle(std::vector<double>& values, Router::Random random) {
  for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[((random() >> 32) * i) >> 32]);
}

constexpr std::uint64_t kShuffleStream = ~std::uint64_t{0};

std::vector<double> shuffled_popularity(const Model& model, const RouterOptions& options, std::uint64_t seed,
                                        std::uint64_t routing) {
  std::vector<double> weights = popularity(options, model.experts, model.top_k);
  shuffle(weights, random_stream(seed, routing, kShuffleStream));
  return weights;
}

}  // namespace

std::mt19937_64 random_stream(std::uint64_t seed, std::uint64_t routing, std::uint64_t stream) {
  std::seed_seq sequence{seed & 0xffffffffU, seed >> 32,           routing & 0xffffffffU,
                         routing >> 32,      stream & 0xffffffffU, stream >> 32};  // specified bit by bit
  return std::mt19937_64(sequence);
}

AliasTable::AliasTable(std::span<const double> weights) : columns_(weights.size()) {
  const double mean = std::accumulate(weights.begin(), weights.end(), 0.0) / static_cast<double>(weights.size());
  std::vector<double> left(weights.begin(), weights.end());
  std::vector<std::uint32_t> small;
  std::vector<std::uint32_t> large;
  for (std::uint32_t i = 0; i < left.size(); ++i) {
    left[i] /= mean;
    (left[i] < 1 ? small : large).push_back(i);
    columns_[i] = {std::numeric_limits<std::uint32_t>::max(), i};
  }
  while (!small.empty() && !large.empty()) {
    const std::uint32_t under = small.back();
    const std::uint32_t over = large.back();
    small.pop_back();
    columns_[under] = {static_cast<std::uint32_t>(left[under] * 0x1p32), over};
    left[over] -= 1 - left[under];
    if (left[over] < 1) {
      large.pop_back();
      small.push_back(over);
    }
  }
}

Router::Router(const Model& model, const RouterOptions& options, std::uint64_t seed, std::uint64_t routing)
    : Router(shuffled_popularity(model, options, seed, routing), model, seed, routing) {}

Router::Router(std::span<const double> weights, const Model& model, std::uint64_t seed, std::uint64_t routing)
    : seed_(seed),
      routing_(routing),
      experts_(static_cast<std::uint32_t>(model.experts)),
      top_k_(static_cast<std::uint32_t>(model.top_k)),
      groups_(static_cast<std::uint32_t>(model.groups)),
      top_groups_(static_cast<std::uint32_t>(model.top_groups)),
      table_(weights) {
  const std::size_t size = experts_ / groups_;
  for (std::uint32_t group = 0; group < groups_; ++group) {
    const std::span<const double> part = weights.subspan(group * size, size);
    group_tables_.emplace_back(part);
    group_popularity_.push_back(std::accumulate(part.begin(), part.end(), 0.0));
  }
}

void Router::draw(Random& random, std::span<std::uint32_t> chosen) const {
  if (top_groups_ == groups_)
    draw_ungrouped(random, chosen);
  else
    draw_grouped(random, chosen);
}

void Router::draw_ungrouped(Random& random, std::span<std::uint32_t> chosen) const {
  auto end = chosen.begin();
  while (end != chosen.end()) {
    const std::uint32_t expert = table_(random());
    if (std::find(chosen.begin(), end, expert) == end) *end++ = expert;
  }
}

void Router::draw_grouped(Random& random, std::span<std::uint32_t> chosen) const {
  const std::uint32_t size = experts_ / groups_;
  Race races[kMostGroups];
  double badness[kMostGroups];  // a score is near 1 - time, so the sum of the best two is 2 minus this
  std::uint32_t order[kMostGroups];
  const auto advance = [&](std::uint32_t group) {
    races[group].advance(random, group_tables_[group], group_popularity_[group], group * size, size);
  };
  for (std::uint32_t group = 0; group < groups_; ++group) {
    races[group].start();
    badness[group] = 0;
    for (std::uint32_t best = 0; best < std::min(2U, size); ++best) {
      advance(group);
      badness[group] += races[group].times[best];
    }
    order[group] = group;
  }
  std::nth_element(order, order + top_groups_, order + groups_,
                   [&](std::uint32_t a, std::uint32_t b) { return badness[a] < badness[b]; });
  for (std::uint32_t& expert : chosen) {
    std::uint32_t first = order[0];
    for (std::uint32_t i = 1; i < top_groups_; ++i)
      if (races[order[i]].next_time() < races[first].next_time()) first = order[i];
    expert = races[first].experts[races[first].taken++];
    if (races[first].taken >= races[first].arrived) advance(first);
  }
}

std::vector<std::uint64_t> Router::count(std::uint64_t tokens, std::uint64_t stream_index) const {
  std::vector<std::uint64_t> counts(experts_);
  Random random = stream(stream_index);
  std::uint32_t memory[kMostTopK];
  const std::span<std::uint32_t> chosen(memory, top_k_);
  for (std::uint64_t token = 0; token < tokens; ++token) {
    draw(random, chosen);
    for (const std::uint32_t expert : chosen) ++counts[expert];
  }
  return counts;
}

}  // namespace weft
