#include <algorithm>
#include <numeric>
#include <utility>

#include "patterns/placement.hpp"

namespace weft {

namespace {

/// One change: what two slots hold afterwards.
struct Change {
  std::size_t slot = 0;
  std::size_t other = 0;  ///< the same slot where only one changes
  std::uint32_t expert = Placement::kFree;
  std::uint32_t others_expert = Placement::kFree;
  double gain = 0;  ///< by how much the busiest rank's load falls, for each expert whose weights are sent
};

class Balancer {
 public:
  Balancer(std::span<const double> loads, Placement placement)
      : loads_(loads), placement_(std::move(placement)), replicas_(loads.size()) {
    for (const std::uint32_t expert : placement_.expert_of_slot)
      if (expert != Placement::kFree) ++replicas_[expert];
    of_ranks_ = rank_loads(placement_, loads_);
  }

  Placement balance(double target) {
    const double mean =
        std::accumulate(of_ranks_.begin(), of_ranks_.end(), 0.0) / static_cast<double>(placement_.ranks);
    while (*std::max_element(of_ranks_.begin(), of_ranks_.end()) > target * mean) {
      const Change best = best_change();
      if (best.gain <= mean * kLeastGain) break;
      set(best.slot, best.expert);
      if (best.other != best.slot) set(best.other, best.others_expert);
      of_ranks_ = rank_loads(placement_, loads_);
    }
    return std::move(placement_);
  }

 private:
  static constexpr double kLeastGain = 1e-9;  // of the mean: less is rounding, and might go on for ever

  std::size_t rank_of(std::size_t slot) const { return slot / placement_.slots; }

  double share(std::uint32_t expert, std::uint64_t replicas) const {
    return expert == Placement::kFree ? 0 : loads_[expert] / static_cast<double>(replicas);
  }

  void set(std::size_t slot, std::uint32_t expert) {
    if (placement_.expert_of_slot[slot] != Placement::kFree) --replicas_[placement_.expert_of_slot[slot]];
    if (expert != Placement::kFree) ++replicas_[expert];
    placement_.expert_of_slot[slot] = expert;
  }

  /// Weighs every change between a slot of the busiest rank and a slot of another.
  Change best_change() {
    const auto hot = static_cast<std::size_t>(std::max_element(of_ranks_.begin(), of_ranks_.end()) - of_ranks_.begin());
    ranks_ = ranks_of_experts(placement_, loads_.size());
    Change best;
    for (std::size_t slot = hot * placement_.slots; slot < (hot + 1) * placement_.slots; ++slot) {
      if (placement_.expert_of_slot[slot] == Placement::kFree) continue;
      for (std::size_t other = 0; other < placement_.expert_of_slot.size(); ++other) {
        if (rank_of(other) == hot) continue;
        weigh_exchange(slot, other, best);
        weigh_replica(slot, other, best);
      }
    }
    return best;
  }

  static void keep_better(const Change& change, Change& best) {
    if (change.gain > best.gain) best = change;
  }

  /// The two slots' experts change places; a free slot makes it a move.
  void weigh_exchange(std::size_t slot, std::size_t other, Change& best) const {
    const std::uint32_t leaving = placement_.expert_of_slot[slot];
    const std::uint32_t coming = placement_.expert_of_slot[other];
    if (leaving == coming) return;
    const double shift =
        share(leaving, replicas_[leaving]) - (coming == Placement::kFree ? 0 : share(coming, replicas_[coming]));
    const double busiest = of_ranks_[rank_of(slot)];
    const double after = std::max(busiest - shift, of_ranks_[rank_of(other)] + shift);
    const double sent = coming == Placement::kFree ? 1 : 2;
    keep_better(
        {.slot = slot, .other = other, .expert = coming, .others_expert = leaving, .gain = (busiest - after) / sent},
        best);
  }

  /// One more replica of the busy expert in the other slot, which is free or holds a spare replica.
  void weigh_replica(std::size_t slot, std::size_t other, Change& best) const {
    const std::uint32_t expert = placement_.expert_of_slot[slot];
    const std::uint32_t replaced = placement_.expert_of_slot[other];
    if (replaced == expert || (replaced != Placement::kFree && replicas_[replaced] < 2)) return;
    const std::size_t hot = rank_of(slot);
    const std::uint64_t replicas = replicas_[expert];
    const double less = share(expert, replicas) - share(expert, replicas + 1);
    const double share_there = share(expert, replicas + 1);
    double hot_after = of_ranks_[hot];
    for (const std::uint32_t rank : ranks_[expert]) hot_after -= rank == hot ? less : 0;
    double there_after = of_ranks_[rank_of(other)] + share_there;
    for (const std::uint32_t rank : ranks_[expert]) there_after -= rank == rank_of(other) ? less : 0;
    double after = std::max(hot_after, there_after);
    if (replaced != Placement::kFree)
      after = std::max(after, after_loss_of(replaced, rank_of(other), hot, hot_after, there_after));
    keep_better(
        {.slot = other, .other = other, .expert = expert, .others_expert = expert, .gain = of_ranks_[hot] - after},
        best);
  }

  /// The busiest of the ranks that take over what a lost replica of `expert` on rank `there` got.
  double after_loss_of(std::uint32_t expert, std::size_t there, std::size_t hot, double hot_after,
                       double there_after) const {
    const std::uint64_t replicas = replicas_[expert];
    const double more = share(expert, replicas - 1) - share(expert, replicas);
    there_after -= share(expert, replicas);
    double hot_more = hot_after;
    double busiest = 0;
    bool lost = false;
    for (const std::uint32_t rank : ranks_[expert]) {
      if (rank == there && !std::exchange(lost, true)) continue;
      if (rank == there)
        there_after += more;
      else if (rank == hot)
        hot_more += more;
      else
        busiest = std::max(busiest, of_ranks_[rank] + more);
    }
    return std::max({busiest, hot_more, there_after});
  }

  std::span<const double> loads_;
  Placement placement_;
  std::vector<std::uint64_t> replicas_;  // of each expert
  std::vector<double> of_ranks_;
  std::vector<std::vector<std::uint32_t>> ranks_;  // that hold each expert
};

}  // namespace

Placement place_incremental(std::span<const double> loads, const Placement& current, double target) {
  return Balancer(loads, current).balance(target);
}

}  // namespace weft
