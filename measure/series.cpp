#include "measure/series.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <optional>
#include <string>

#include "statistics/change_points.hpp"

namespace weft {

namespace {

constexpr std::size_t kFewestForSteady = 30;

template <typename Value>
std::string to_blob(const std::vector<Value>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Value)};
}

template <typename Value>
std::vector<Value> from_blob(const std::string& blob) {
  std::vector<Value> values(blob.size() / sizeof(Value));
  std::memcpy(values.data(), blob.data(), values.size() * sizeof(Value));
  return values;
}

/// What rank 0 needs of each rank beside its samples.
struct RankTotals {
  double mean_ns;  // of the rank's own durations, over the samples that count
  RankDisturbance disturbance;
};

double mean_duration(const std::vector<LocalSample>& samples, const std::vector<std::uint64_t>& counted) {
  double sum = 0;
  for (const std::uint64_t index : counted) sum += static_cast<double>(samples[index].duration());
  return counted.empty() ? 0 : sum / static_cast<double>(counted.size());
}

}  // namespace

Series::Series(Instruments& instruments, Communicator& communicator, World& world, const StopRule& rule, int batch,
               const MergeRule& merging, const TimedRanks& timed)
    : instruments_(instruments),
      communicator_(communicator),
      world_(world),
      rule_(rule),
      merging_(merging),
      timed_(timed) {
  samples_.batch = batch;
}

// Touched already, so that no page fault delays a rank between two samples.
void Series::begin(std::size_t count) {
  const std::size_t taken = mine_.size();
  mine_.resize(taken + count);
  mine_.resize(taken);
  if (!communicator_.virtual_time()) before_ = read_host_counters();
  began_ = communicator_.now();
}

std::size_t Series::end(Nanoseconds at_least) {
  elapsed_ += communicator_.now() - began_;
  if (!communicator_.virtual_time()) disturbance_.add(before_, read_host_counters());
  GlobalClock& clock = instruments_.clock;
  clock.anchor();
  samples_.clock_closure_ns = std::max(samples_.clock_closure_ns, clock.bounds().closure_ns);
  samples_.clock_bound_ns = std::max(samples_.clock_bound_ns, clock.bounds().bound_ns);
  merge_samples(world_, clock, mine_, merged_, merging_, samples_, timed_);
  merged_ = mine_.size();
  std::string blob;
  if (world_.rank() == 0) blob = to_blob<Decision>({decide_on_rank_0(at_least)});
  const Decision decision = from_blob<Decision>(world_.allgather(blob).front()).front();
  reason_ = decision.reason;
  return decision.next;
}

Decision Series::decide_on_rank_0(Nanoseconds at_least) const {
  std::vector<double> valid = valid_completions();
  bool steady = true;
  const std::size_t leading = std::min(transient(steady), valid.size());
  valid.erase(valid.begin(), valid.begin() + static_cast<std::ptrdiff_t>(leading));
  const std::size_t all = samples_.completion.size();
  Decision decision = decide(rule_, {.valid = valid, .all = all, .elapsed = elapsed_, .at_least = at_least});
  if (!instruments_.clock.bounds().shared && all > 0)
    decision.next =
        std::min(decision.next, samples_between_anchors(static_cast<double>(elapsed_) / static_cast<double>(all)));
  return decision;
}

std::vector<double> Series::valid_completions() const {
  std::vector<double> valid;
  valid.reserve(samples_.completion.size());
  for (std::size_t i = 0; i < samples_.completion.size(); ++i)
    if (samples_.valid[i] != 0) valid.push_back(samples_.completion[i]);
  return valid;
}

// How many of the valid samples are still warm-up. Where the user fixed the count, none is taken away.
std::size_t Series::transient(bool& steady) const {
  const std::vector<double> valid = valid_completions();
  steady = true;
  if (valid.size() < kFewestForSteady) return 0;
  const std::optional<std::size_t> from = steady_from(valid);
  steady = from.has_value();
  return rule_.iterations > 0 ? 0 : from.value_or(0);
}

Samples Series::conclude() {
  std::vector<std::uint64_t> counted;  // rank 0 knows which, and tells
  std::size_t leading = 0;
  if (world_.rank() == 0) {
    for (std::size_t i = 0; i < samples_.valid.size(); ++i)
      if (samples_.valid[i] != 0) counted.push_back(i);
    const std::size_t from = transient(samples_.steady);
    counted.erase(counted.begin(), counted.begin() + static_cast<std::ptrdiff_t>(from));
    leading = from == 0 || counted.empty() ? 0 : counted.front();
  }
  counted = from_blob<std::uint64_t>(world_.allgather(to_blob(counted)).front());
  const RankTotals mine{.mean_ns = mean_duration(mine_, counted) / samples_.batch, .disturbance = disturbance_};
  const std::vector<std::string> totals = world_.gather(to_blob<RankTotals>({mine}));
  if (world_.rank() != 0) return std::move(samples_);
  drop_leading(samples_, leading);
  samples_.warmup = static_cast<int>(leading) * samples_.batch;
  count_from_first_start(samples_.ranks);
  samples_.stop = name_of(reason_);
  fill_totals(totals);
  return std::move(samples_);
}

void Series::fill_totals(const std::vector<std::string>& totals) {
  Disturbance& all = samples_.disturbance;
  if (!communicator_.virtual_time()) all = {.switches_voluntary = 0, .switches_involuntary = 0, .steal_share = -1};
  const auto add = [](std::int64_t& sum, std::int64_t value) { sum = sum < 0 || value < 0 ? -1 : sum + value; };
  std::vector<double> means;
  for (std::size_t number = 0; number < totals.size(); ++number) {
    const RankTotals rank = from_blob<RankTotals>(totals[number]).front();
    if (timed_.counts(number)) means.push_back(rank.mean_ns);
    add(all.switches_voluntary, rank.disturbance.switches_voluntary);
    add(all.switches_involuntary, rank.disturbance.switches_involuntary);
    if (rank.disturbance.ticks > 0 && rank.disturbance.steal >= 0)
      all.steal_share = std::max(
          all.steal_share, static_cast<double>(rank.disturbance.steal) / static_cast<double>(rank.disturbance.ticks));
  }
  samples_.mean_of_ranks_ns = std::accumulate(means.begin(), means.end(), 0.0) / static_cast<double>(means.size());
  samples_.fastest_rank_mean_ns = *std::min_element(means.begin(), means.end());
  samples_.slowest_rank_mean_ns = *std::max_element(means.begin(), means.end());
}

}  // namespace weft
