#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

#include "core/error.hpp"
#include "worlds/fibers.hpp"
#include "worlds/rank_main.hpp"
#include "worlds/registry.hpp"

namespace weft {

/// What the ranks of one launch share: the scheduler, and the place where collectives of the control plane meet.
struct FiberGroup final : Waiter {
  explicit FiberGroup(int ranks) : scheduler(ranks), blobs(static_cast<std::size_t>(ranks)) {}

  std::string waits_for(int) const override {
    return fmt::format("an allgather or barrier of the control plane that {} of {} ranks have not entered",
                       scheduler.ranks() - arrived, scheduler.ranks());
  }

  Scheduler scheduler;
  std::vector<std::string> blobs;
  std::vector<std::string> gathered;  ///< of the last allgather; stays until all have arrived at the next
  int arrived = 0;
  Picoseconds latest = 0;
};

namespace {

constexpr int kDefaultRanks = 8;
/// Each stack takes two of the 65,530 mappings that Linux gives a process by default, and payload takes more.
constexpr int kMostFibers = 8192;

/// One launch: a FiberWorld per rank, and the ranks' exit codes.
class Launch final : public Scheduler::Body {
 public:
  Launch(int ranks, const RankMain& main) : group_(ranks), main_(main) {}

  int run() {
    group_.scheduler.run(*this);
    if (group_.scheduler.culprit() < 0) return code_;
    fmt::print(stderr, "weft: {}\n", group_.scheduler.reason());
    return std::max(code_, static_cast<int>(failed_));
  }

  void run(int rank) override {
    FiberWorld world(group_, rank);
    const int code = run_rank(world, main_, [&](const Failure& failure) {
      if (group_.scheduler.culprit() < 0) failed_ = failure.code;  // the others fail for want of this one
      group_.scheduler.give_up(rank, failure.reason);
      return 0;
    });
    code_ = std::max(code_, code);
  }

 private:
  FiberGroup group_;
  const RankMain& main_;
  int code_ = 0;
  ExitCode failed_ = ExitCode::failed;  // what the first rank that failed comes to
};

std::string refuses_fibers(const LaunchOptions& options) {
  if (options.ranks >= 0 && options.ranks <= kMostFibers) return {};
  return fmt::format("the fibers world runs 1 to {} ranks, not {}", kMostFibers, options.ranks);
}

int launch_fibers(const LaunchOptions& options, const RankMain& main) {
  if (const std::string refusal = refuses_fibers(options); !refusal.empty()) throw UsageError(refusal);
  return Launch(options.ranks == 0 ? kDefaultRanks : options.ranks, main).run();
}

}  // namespace

int FiberWorld::ranks() const { return group_.scheduler.ranks(); }

Scheduler& FiberWorld::scheduler() { return group_.scheduler; }

/// All ranks meet; the last to arrive publishes what was brought and wakes the others. A rank can be ahead by at most
/// one meeting, since the next one needs everybody: `gathered` is read before it is replaced.
void FiberWorld::meet() {
  FiberGroup& group = group_;
  Scheduler& scheduler = group.scheduler;
  group.latest = std::max(group.latest, scheduler.now(rank_));
  if (++group.arrived < ranks()) {
    try {
      scheduler.block(kNever, group);
    } catch (const TransportError&) {  // a deadlock: nobody else will come, so leave as if never entered
      --group.arrived;
      throw;
    }
    return;
  }
  group.arrived = 0;
  group.gathered.swap(group.blobs);
  group.blobs.assign(static_cast<std::size_t>(ranks()), {});
  for (int rank = 0; rank < ranks(); ++rank) scheduler.wake(rank, group, group.latest);
  scheduler.sleep_until(group.latest);
}

std::vector<std::string> FiberWorld::allgather(std::string_view mine) {
  check();
  group_.blobs[static_cast<std::size_t>(rank_)] = mine;
  meet();
  return group_.gathered;
}

std::vector<std::string> FiberWorld::gather(std::string_view mine) {
  check();
  group_.blobs[static_cast<std::size_t>(rank_)] = mine;
  meet();
  return rank_ == 0 ? group_.gathered : std::vector<std::string>();
}

void FiberWorld::barrier() {
  check();
  meet();
}

void FiberWorld::abort(std::string_view reason) noexcept {
  group_.scheduler.give_up(rank_, fmt::format("rank {} gave up: {}", rank_, reason));
}

void FiberWorld::check() {
  group_.scheduler.check();
  if (deadline_ != 0 && monotonic_now() > deadline_)
    throw TimedOut(fmt::format("rank {} was not done in time with {}", rank_, doing_));
}

void FiberWorld::set_deadline(Nanoseconds from_now, const char* doing) {
  deadline_ = from_now == 0 ? 0 : monotonic_now() + from_now;
  doing_ = doing;
}

namespace worlds::fibers {

Launcher entry() {
  return {.name = "fibers",
          .summary = "all ranks in one thread of this process, in virtual time; for simulating transports",
          .refuses = refuses_fibers,
          .launch = launch_fibers};
}

}  // namespace worlds::fibers

}  // namespace weft
