#include "patterns/route_by_token.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/error.hpp"

namespace weft {

namespace {

/// A program has some 120 bytes of steps for each (token, expert) pair, so all ranks' together some 2 GB.
constexpr std::uint64_t kMostPairs = std::uint64_t{1} << 24;

/// Takes the tokens of one routing one after another.
class TokenPlacer {
 public:
  TokenPlacer(const Placement& placement, std::uint64_t experts)
      : turns_(placement, experts), number_(placement.expert_of_slot.size()), held_(placement.ranks) {
    std::uint32_t next = 0;
    for (std::size_t slot = 0; slot < number_.size(); ++slot)
      if (placement.expert_of_slot[slot] != Placement::kFree) {
        number_[slot] = next++;
        ++held_[slot / placement.slots];
      }
  }

  void add(std::size_t source, std::span<const std::uint32_t> experts) {
    if (source >= held_.size()) return;  // they are too many sources, which is refused in the end
    if (by_source_.size() <= source) by_source_.resize(source + 1);
    for (const std::uint32_t expert : experts) by_source_[source].push_back(number_[turns_.next(expert).number]);
  }

  bool is_even() const {
    return by_source_.size() == held_.size() &&
           std::all_of(by_source_.begin(), by_source_.end(), [&](const std::vector<std::uint32_t>& mine) {
             return !mine.empty() && mine.size() == by_source_[0].size();
           });
  }

  /// `order`: the sources' places in the order of their numbers.
  std::shared_ptr<const TokenRouting> finish(const std::vector<std::size_t>& order, std::uint64_t top_k) {
    std::vector<std::vector<std::uint32_t>> by_rank(held_.size());
    for (std::size_t source = 0; source < by_source_.size(); ++source)
      by_rank[order[source]] = std::move(by_source_[source]);
    return std::make_shared<TokenRouting>(held_, top_k, by_rank);
  }

 private:
  ReplicaTurns turns_;
  std::vector<std::uint32_t> number_;  // of the expert in each slot, counting those that are held
  std::vector<std::uint64_t> held_;    // by rank
  std::vector<std::vector<std::uint32_t>> by_source_;
};

}  // namespace

std::vector<std::shared_ptr<const TokenRouting>> route_by_token(const Decisions& decisions, const Model& model,
                                                                const ExpertLayout& layout) {
  const RoutingPlacements placements(decisions, model, layout);
  std::vector<TokenPlacer> placers;
  std::uint64_t pairs = 0;
  const std::vector<std::uint64_t> numbers =
      decisions.each_token([&](std::size_t routing, std::size_t source, std::span<const std::uint32_t> experts) {
        if ((pairs += experts.size()) > kMostPairs)
          throw UsageError(fmt::format(
              "--dispatcher: there are more than {} pairs of a token and an expert, which are kept one by one: "
              "take fewer --tokens or --routings, or some of the recording with --replay-step or "
              "--replay-layer",
              kMostPairs));
        while (placers.size() <= routing) placers.emplace_back(placements[placers.size()], model.experts);
        placers[routing].add(source, experts);
      });
  const auto ranks = static_cast<std::size_t>(layout.ranks);
  const std::vector<std::size_t> order = places_by_number(numbers);
  std::vector<std::shared_ptr<const TokenRouting>> routings;
  for (TokenPlacer& placer : placers) {
    if (numbers.size() != ranks || !placer.is_even())
      throw UsageError(fmt::format(
          "--dispatcher: the tokens are not as many on each of {} ranks: replay a recording of as many ranks "
          "with as many tokens each, or leave --dispatcher out",
          ranks));
    routings.push_back(placer.finish(order, model.top_k));
  }
  return routings;
}

}  // namespace weft
