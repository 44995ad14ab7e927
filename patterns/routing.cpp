#include "patterns/routing.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

namespace weft {

namespace {

/// Takes the tokens of one routing one after another.
class Counter {
 public:
  Counter(const Placement& placement, std::uint64_t experts, int ranks_per_node)
      : ranks_(placement.ranks),
        ranks_per_node_(static_cast<std::uint32_t>(ranks_per_node)),
        turns_(placement, experts),
        others_(ranks_),
        seen_ranks_(ranks_),
        seen_nodes_(ranks_) {
    routing_.ranks = static_cast<int>(ranks_);
    routing_.experts.resize(experts);
    routing_.moves = expert_moves(
        place_contiguous(experts, ranks_, std::max(placement.slots, (experts + ranks_ - 1) / ranks_)), placement);
  }

  void add(std::size_t source, std::span<const std::uint32_t> experts) {
    std::vector<std::uint64_t>& copies = copies_of(source);
    ++routing_.tokens;
    for (const std::uint32_t expert : experts) {
      ++routing_.experts[expert];
      const std::uint32_t rank = turns_.next(expert).rank;
      ++copies[rank];
      if (std::exchange(seen_ranks_[rank], routing_.tokens) != routing_.tokens) ++routing_.token_ranks;
      if (std::exchange(seen_nodes_[rank / ranks_per_node_], routing_.tokens) != routing_.tokens)
        ++routing_.token_nodes;
    }
  }

  /// `order`: the sources' places in the order of their numbers.
  Routing finish(const std::vector<std::size_t>& order) {
    routing_.copies.assign(ranks_ * ranks_, 0);
    if (order.size() == ranks_) {
      for (std::size_t source = 0; source < by_source_.size(); ++source)
        std::copy(by_source_[source].begin(), by_source_[source].end(),
                  routing_.copies.begin() + static_cast<std::ptrdiff_t>(order[source] * ranks_));
      return std::move(routing_);
    }
    for (const std::vector<std::uint64_t>& copies : by_source_)
      std::transform(copies.begin(), copies.end(), others_.begin(), others_.begin(), std::plus<>());
    std::uint64_t turn = 0;  // goes round the ranks over all destinations, so that their sums are even too
    for (std::uint64_t to = 0; to < ranks_; ++to) {
      for (std::uint64_t from = 0; from < ranks_; ++from) routing_.copies[from * ranks_ + to] = others_[to] / ranks_;
      for (std::uint64_t left = others_[to] % ranks_; left > 0; --left)
        ++routing_.copies[turn++ % ranks_ * ranks_ + to];
    }
    return std::move(routing_);
  }

 private:
  /// Sources beyond the ranks share one row: where there are so many, all tokens are dealt anyway.
  std::vector<std::uint64_t>& copies_of(std::size_t source) {
    if (source >= ranks_) return others_;
    while (by_source_.size() <= source) by_source_.emplace_back(ranks_);
    return by_source_[source];
  }

  std::uint64_t ranks_;
  std::uint32_t ranks_per_node_;
  ReplicaTurns turns_;
  std::vector<std::vector<std::uint64_t>> by_source_;
  std::vector<std::uint64_t> others_;
  std::vector<std::uint64_t> seen_ranks_;  // the last token that went to each, from 1
  std::vector<std::uint64_t> seen_nodes_;
  Routing routing_;
};

}  // namespace

std::vector<std::uint64_t> Routing::received() const {
  const auto n = static_cast<std::size_t>(ranks);
  std::vector<std::uint64_t> sums(n);
  for (std::size_t pair = 0; pair < copies.size(); ++pair) sums[pair % n] += copies[pair];
  return sums;
}

std::vector<Routing> count_routings(const Decisions& decisions, const Model& model, const ExpertLayout& layout) {
  const RoutingPlacements placements(decisions, model, layout);
  std::vector<Counter> counters;
  const std::vector<std::uint64_t> numbers =
      decisions.each_token([&](std::size_t routing, std::size_t source, std::span<const std::uint32_t> experts) {
        while (counters.size() <= routing)
          counters.emplace_back(placements[counters.size()], model.experts, layout.ranks_per_node);
        counters[routing].add(source, experts);
      });
  const std::vector<std::size_t> order = places_by_number(numbers);
  std::vector<Routing> routings;
  for (Counter& counter : counters) routings.push_back(counter.finish(order));
  return routings;
}

double max_over_mean(std::span<const std::uint64_t> values) {
  const auto sum = static_cast<double>(std::accumulate(values.begin(), values.end(), std::uint64_t{0}));
  if (sum == 0) return 0;
  return static_cast<double>(*std::max_element(values.begin(), values.end())) * static_cast<double>(values.size()) /
         sum;
}

double gini(std::span<const std::uint64_t> values) {
  std::vector<std::uint64_t> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  double sum = 0;
  double weighted = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    sum += static_cast<double>(sorted[i]);
    weighted += static_cast<double>(i + 1) * static_cast<double>(sorted[i]);
  }
  const auto n = static_cast<double>(sorted.size());
  return sum == 0 ? 0 : 2 * weighted / (n * sum) - (n + 1) / n;
}

}  // namespace weft
