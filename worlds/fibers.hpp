#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "worlds/world.hpp"

namespace weft {

/// Virtual time, counted in picoseconds so that the sub-nanosecond wire time of a small message is not rounded away:
/// 8 B at 50 GB/s take 160 ps. 63 bits reach 106 days.
using Picoseconds = std::int64_t;

inline constexpr Picoseconds kNever = std::numeric_limits<Picoseconds>::max();
inline constexpr Picoseconds kPicosecondsPerNanosecond = 1000;

/// ns to ps; what lies beyond the clock's range (such as "forever") becomes kNever.
constexpr Picoseconds to_picoseconds(Nanoseconds ns) {
  return ns < kNever / kPicosecondsPerNanosecond ? ns * kPicosecondsPerNanosecond : kNever;
}

/// Whose events happen at points of virtual time, outside every rank.
class EventSource {
 public:
  /// Called once per scheduled event, at its time; may wake ranks and schedule more, must not suspend or throw.
  virtual void happen(void* event) = 0;

 protected:
  ~EventSource() = default;
};

/// What a blocked rank waits on. Whoever changes that calls Scheduler::wake with the same object.
class Waiter {
 public:
  /// What the rank waits for, to complete "rank 3 waits for ...". Asked only when a deadlock is reported.
  virtual std::string waits_for(int rank) const = 0;

 protected:
  ~Waiter() = default;
};

struct Fiber;

/// Runs all ranks as fibers of the calling thread, in virtual time. Each rank has a clock, which moves only when the
/// rank says so (advance, sleep_until) or is woken at a later time; computing costs nothing.
///
/// Order: the scheduler always takes the earliest of all pending things; at the same time events come before ranks,
/// events in the order in which they were scheduled, ranks by number. So a run is a function of its inputs, and nothing
/// that has been taken can be influenced by what is taken later: whoever runs at time t can only schedule and wake at
/// t or later (earlier times are raised to t).
///
/// Every call except the constructor and run() is made by the running fiber or by an event.
class Scheduler {
 public:
  explicit Scheduler(int ranks);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  /// What a rank runs. Must not throw.
  class Body {
   public:
    virtual void run(int rank) = 0;

   protected:
    ~Body() = default;
  };

  /// Runs body.run(rank) on a fiber of its own for every rank, from time 0; returns when all have returned. Once.
  /// Throws std::bad_alloc where there is no memory for the stacks.
  void run(Body& body);

  int ranks() const { return static_cast<int>(fibers_.size()); }
  /// The time of what is being processed; no rank's clock that matters is behind it.
  Picoseconds now() const { return now_; }
  Picoseconds now(int rank) const { return clocks_[static_cast<std::size_t>(rank)]; }

  /// Whether the rank's clock has run ahead of what the scheduler has processed (by advance). Before it looks at what
  /// others have done it must then call sleep_until(now(rank)).
  bool ahead(int rank) const { return now(rank) > now_; }

  /// Moves the running rank's clock on without letting others run: CPU time.
  void advance(int rank, Picoseconds by) { clocks_[static_cast<std::size_t>(rank)] += by; }

  /// Suspends the running rank until the time; everything earlier has been processed on return.
  /// Throws RankLost where a rank has given up.
  void sleep_until(Picoseconds time);

  /// Suspends the running rank until the time (kNever: without limit) or until it is woken. May return for no reason.
  /// Throws RankLost where a rank has given up, and TransportError, on every blocked rank, when all ranks are blocked
  /// and nothing is pending: a deadlock, with a sentence that says who waits for what.
  void block(Picoseconds until, const Waiter& on);

  /// Makes the rank resume at the time, or earlier where it already would, if it is blocked on this waiter; otherwise
  /// does nothing.
  void wake(int rank, const Waiter& on, Picoseconds at);

  /// source.happen(event) at the time.
  void schedule(Picoseconds time, EventSource& source, void* event);
  /// Takes back everything that the source has scheduled; it may be destroyed after that.
  void cancel(const EventSource& source);

  /// The rank cannot go on: from now on everything that suspends throws RankLost naming it. The first one counts.
  void give_up(int rank, std::string_view reason) noexcept;
  /// Throws RankLost where a rank has given up.
  void check() const;
  /// Who has given up, -1 while nobody has; and why.
  int culprit() const { return culprit_; }
  const std::string& reason() const { return reason_; }

 private:
  struct Entry {
    Picoseconds time;
    std::uint64_t order;  ///< a sequence number for events, kRanks + rank for ranks: events first
    EventSource* source;  ///< null: the rank's turn
    void* event;
  };
  struct Later {
    bool operator()(const Entry& a, const Entry& b) const {
      return a.time != b.time ? a.time > b.time : a.order > b.order;
    }
  };
  static constexpr std::uint64_t kRanks = std::uint64_t{1} << 63;

  void push(const Entry& entry);
  Entry pop();
  void resume_at(int rank, Picoseconds time);
  void suspend();  ///< back to run(), until it is this rank's turn again
  void resume(Fiber& fiber);
  void report_deadlock();
  static void enter(void* fiber);

  Picoseconds now_ = 0;
  std::vector<Picoseconds> clocks_;
  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<Entry> queue_;  ///< a heap, the earliest on top
  std::uint64_t scheduled_ = 0;
  Fiber* running_ = nullptr;
  int unfinished_ = 0;
  std::string deadlock_;
  int culprit_ = -1;
  std::string reason_;  ///< the sentence of RankLost
};

struct FiberGroup;

/// A rank that is a fiber. All ranks live in one thread; a wait lets the others run.
/// allgather and barrier cost no virtual time: all leave them with their clocks set to the latest of all, so that what
/// follows starts everywhere at once. set_deadline counts real time, as everywhere; only check() looks at it.
class FiberWorld final : public World {
 public:
  FiberWorld(FiberGroup& group, int rank) : group_(group), rank_(rank) {}

  std::string_view name() const override { return "fibers"; }
  int rank() const override { return rank_; }
  int ranks() const override;
  std::vector<std::string> allgather(std::string_view mine) override;
  std::vector<std::string> gather(std::string_view mine) override;
  void barrier() override;
  void abort(std::string_view reason) noexcept override;
  void check() override;
  void set_deadline(Nanoseconds from_now, const char* doing) override;

  Scheduler& scheduler();

 private:
  void meet();

  FiberGroup& group_;
  int rank_;
  Nanoseconds deadline_ = 0;
  const char* doing_ = "";
};

}  // namespace weft
