#include "patterns/training_step/report_step.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "patterns/expert_traffic.hpp"
#include "patterns/hiding_rule.hpp"
#include "patterns/model_flops.hpp"
#include "patterns/stage_work.hpp"
#include "patterns/timeline.hpp"
#include "patterns/training_step/step_calls.hpp"
#include "patterns/training_step/step_passes.hpp"

namespace weft {

namespace {

constexpr const char* kPipeline = "pp";

/// "pp" of "pp send activations of chunk 0".
std::string dimension_of(const std::string& lane) { return lane.substr(0, lane.find(' ')); }

double mean_pass_time(const StepPlan& plan, const StepPasses& slowest) {
  double sum = 0;
  for (int device = 0; device < plan.shape.devices; ++device)
    for (const Work& work : plan.schedule->order(plan.shape, device)) sum += slowest.compute_of(device, work);
  return sum / plan.shape.devices;
}

/// Passes as the rank computes that has most tokens in each: the others wait for it in the combine.
StepPasses slowest_passes(const StepPlan& plan, const StepCalls& none) {
  return {plan, none,
          [&plan](std::size_t routing) { return static_cast<double>(plan.routings[routing].most_received()); }};
}

/// Calls without communication.
StepCalls no_calls(const StepPlan& plan) {
  StepCalls none;
  none.expert.resize(plan.routings.size());
  return none;
}

/// Adds up who came last to the collectives of a dimension, and for how long the others of the group waited.
class Lateness {
 public:
  Lateness(const GroupMap& groups, std::span<const RankAccount> accounts, std::size_t lane) {
    for (const std::vector<int>& group : groups.groups) add_group(group, accounts, lane);
  }

  double total() const { return total_; }
  int latest() const {
    const auto most = std::max_element(blamed_.begin(), blamed_.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    return most == blamed_.end() || most->second == 0 ? -1 : most->first;
  }
  double share(int rank) const { return total_ > 0 && rank >= 0 ? blamed_.at(rank) / total_ : 0; }

 private:
  void add_group(const std::vector<int>& group, std::span<const RankAccount> accounts, std::size_t lane) {
    if (group.size() < 2) return;
    const auto calls_of = [&](int rank) -> const std::vector<Nanoseconds>& {
      return accounts[static_cast<std::size_t>(rank)].lanes[lane].calls;
    };
    for (std::size_t call = 0; call < calls_of(group.front()).size(); ++call) {
      int last = group.front();
      for (const int rank : group)
        if (calls_of(rank)[call] > calls_of(last)[call]) last = rank;
      double waited = 0;
      for (const int rank : group) waited += static_cast<double>(calls_of(last)[call] - calls_of(rank)[call]);
      blamed_[last] += waited;
      total_ += waited;
    }
  }

  double total_ = 0;
  std::map<int, double> blamed_;
};

class Reporting {
 public:
  Reporting(const StepPlan& plan, std::span<const RankAccount> accounts, double step_ns)
      : plan_(plan), accounts_(accounts), ranks_(static_cast<double>(accounts.size())) {
    report_.step_ns = step_ns;
    Nanoseconds first = accounts.front().start;
    Nanoseconds last = accounts.front().end;
    for (const RankAccount& account : accounts) {
      first = std::min(first, account.start);
      last = std::max(last, account.end);
    }
    span_ = static_cast<double>(last - first);
    for (const RankAccount& account : accounts)
      outside_ += static_cast<double>((account.start - first) + (last - account.end)) / span_ / ranks_;
    report_.split_ns = span_;
  }

  StepReport run() {
    add_lanes();
    add_lateness();
    add_bubble();
    add_utilisation();
    return std::move(report_);
  }

 private:
  DimensionReport& dimension(const std::string& name) {
    for (DimensionReport& one : report_.dimensions)
      if (one.dimension == name) return one;
    report_.dimensions.push_back({.dimension = name});
    return report_.dimensions.back();
  }

  void add_lanes() {
    for (const RankAccount& account : accounts_)
      for (std::size_t lane = 0; lane < account.lanes.size(); ++lane) {
        const LaneAccount& one = account.lanes[lane];
        if (lane == 0) report_.computed += static_cast<double>(one.computed) / span_ / ranks_;
        if (lane == 0 || (one.busy == 0 && one.sent_bytes == 0)) continue;
        DimensionReport& of = dimension(dimension_of(one.name));
        // A stage that waits for its input is not communicating: only what it sends counts as busy.
        const bool counts = of.dimension != kPipeline || one.sent_bytes > 0;
        if (counts) of.busy += static_cast<double>(one.busy) / span_ / ranks_;
        of.exposed += static_cast<double>(one.kept_waiting) / span_ / ranks_;
        of.sent_bytes += static_cast<double>(one.sent_bytes) / ranks_;
      }
  }

  void add_lateness() {
    for (int lane = 1; lane < kStepLanes; ++lane) {
      const std::string name = name_of(static_cast<StepLane>(lane));
      const bool has_calls = !accounts_.front().lanes[static_cast<std::size_t>(lane)].calls.empty();
      if (!has_calls) continue;
      const Lateness lateness(plan_.groups.at(name), accounts_, static_cast<std::size_t>(lane));
      DimensionReport& of = dimension(name);
      of.late = lateness.total() / span_ / ranks_;
      of.latest_rank = lateness.latest();
      of.latest_share = lateness.share(of.latest_rank);
    }
  }

  /// What a stage waits for its neighbours is bubble as far as the schedule has it without a fabric. It waits too where
  /// it has ended and others have not.
  void add_bubble() {
    report_.infinite_ns = static_cast<double>(infinite_fabric_ns(plan_));
    const StepCalls none = no_calls(plan_);
    const double busy = mean_pass_time(plan_, slowest_passes(plan_, none));
    const double idle = std::max(0.0, report_.infinite_ns - busy) / span_;
    DimensionReport& pipeline = dimension(kPipeline);
    if (plan_.shape.devices > 1) pipeline.exposed += outside_;
    report_.bubble = std::min(idle, pipeline.exposed);
    pipeline.exposed -= report_.bubble;
    double busy_lanes = 0;
    for (const DimensionReport& one : report_.dimensions) {
      report_.exposed += one.exposed;
      busy_lanes += one.busy;
    }
    report_.communicating = busy_lanes;
    report_.overlap = busy_lanes > 0 ? std::max(0.0, 1 - report_.exposed / busy_lanes) : 0;
  }

  void add_utilisation() {
    const ParallelLayout& layout = plan_.layout();
    const double tokens = static_cast<double>(layout.global_batch * layout.sequence_length);
    report_.model_flops = (1 + kBackwardOfForward) * tokens * model_flops(plan_.model(), plan_.shrunk.attended);
    report_.peak_flops_ns = plan_.peak * ranks_;
    report_.mfu = report_.model_flops / report_.peak_flops_ns / report_.step_ns;
    report_.infinite_mfu = report_.model_flops / report_.peak_flops_ns / report_.infinite_ns;
    report_.hidden_below = most_flop_per_byte(plan_.model());
    double all_to_alls_of_ranks = 0;
    for (const StageWork& work : stage_works(layout, plan_.model()))
      all_to_alls_of_ranks += static_cast<double>(all_to_alls(layout, work) * layout.stage_ranks());
    const double busy_ns = dimension(name_of(StepLane::ep)).busy * span_;
    if (busy_ns > 0 && all_to_alls_of_ranks > 0)
      report_.flop_per_byte =
          hiding_rule(layout, plan_.model(), all_to_alls_of_ranks / ranks_, busy_ns, plan_.peak).flop_per_byte;
  }

  const StepPlan& plan_;
  std::span<const RankAccount> accounts_;
  double ranks_;
  double span_ = 1;
  double outside_ = 0;  // share of the span before a rank's first step and after its last
  StepReport report_;
};

}  // namespace

StepReport report_step(const StepPlan& plan, std::span<const RankAccount> accounts, double step_ns) {
  return Reporting(plan, accounts, step_ns).run();
}

Nanoseconds infinite_fabric_ns(const StepPlan& plan) {
  const StepCalls none = no_calls(plan);
  const StepPasses slowest = slowest_passes(plan, none);
  return length(timeline(*plan.schedule, plan.shape, 0, [&](int device, const Work& work) {
    return static_cast<Nanoseconds>(std::llround(slowest.compute_of(device, work)));
  }));
}

}  // namespace weft
