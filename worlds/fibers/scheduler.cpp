#include <algorithm>

#include <fmt/format.h>

#include "core/error.hpp"
#include "worlds/fibers.hpp"
#include "worlds/fibers/stackful.hpp"

namespace weft {

/// One rank's stack and what it waits for.
struct Fiber {
  Stackful stack;
  int rank = 0;
  Scheduler::Body* body = nullptr;
  const Waiter* waiting_on = nullptr;
  Picoseconds resumes_at = kNever;  ///< the entry of the queue that counts; others of this rank are stale
  bool suspended = true;
  bool finished = false;
  bool deadlocked = false;
};

Scheduler::Scheduler(int ranks) : clocks_(static_cast<std::size_t>(ranks)) {
  for (int rank = 0; rank < ranks; ++rank) {
    fibers_.push_back(std::make_unique<Fiber>());
    fibers_.back()->rank = rank;
  }
}

Scheduler::~Scheduler() = default;

void Scheduler::enter(void* argument) {
  Fiber& fiber = *static_cast<Fiber*>(argument);
  fiber.body->run(fiber.rank);
  fiber.finished = true;
  fiber.stack.finish();
}

void Scheduler::run(Body& body) {
  unfinished_ = ranks();
  for (const auto& fiber : fibers_) {
    fiber->body = &body;
    resume_at(fiber->rank, 0);
  }
  while (unfinished_ > 0) {
    if (queue_.empty()) {
      report_deadlock();
      continue;
    }
    const Entry entry = pop();
    if (entry.source != nullptr) {
      now_ = entry.time;
      entry.source->happen(entry.event);
      continue;
    }
    Fiber& fiber = *fibers_[static_cast<std::size_t>(entry.order - kRanks)];
    if (!fiber.suspended || fiber.resumes_at != entry.time) continue;  // it has been woken earlier
    now_ = entry.time;
    clocks_[static_cast<std::size_t>(fiber.rank)] = entry.time;
    resume(fiber);
  }
}

void Scheduler::resume(Fiber& fiber) {
  fiber.suspended = false;
  fiber.waiting_on = nullptr;
  fiber.resumes_at = kNever;
  running_ = &fiber;
  fiber.stack.enter(&Scheduler::enter, &fiber);
  running_ = nullptr;
  if (fiber.finished) --unfinished_;
}

void Scheduler::suspend() {
  Fiber& fiber = *running_;
  fiber.suspended = true;
  fiber.stack.leave();
  check();
}

void Scheduler::sleep_until(Picoseconds time) {
  check();
  resume_at(running_->rank, time);
  suspend();
}

void Scheduler::block(Picoseconds until, const Waiter& on) {
  check();
  Fiber& fiber = *running_;
  fiber.waiting_on = &on;
  if (until != kNever) resume_at(fiber.rank, until);
  suspend();
  if (fiber.deadlocked) {
    fiber.deadlocked = false;
    throw TransportError(deadlock_);
  }
}

void Scheduler::wake(int rank, const Waiter& on, Picoseconds at) {
  if (fibers_[static_cast<std::size_t>(rank)]->waiting_on == &on) resume_at(rank, at);
}

void Scheduler::resume_at(int rank, Picoseconds time) {
  Fiber& fiber = *fibers_[static_cast<std::size_t>(rank)];
  const Picoseconds at = std::max({time, now_, now(rank)});
  if (at >= fiber.resumes_at) return;
  fiber.resumes_at = at;
  push({at, kRanks + static_cast<std::uint64_t>(rank), nullptr, nullptr});
}

void Scheduler::schedule(Picoseconds time, EventSource& source, void* event) {
  push({std::max(time, now_), scheduled_++, &source, event});
}

void Scheduler::cancel(const EventSource& source) {
  std::erase_if(queue_, [&](const Entry& entry) { return entry.source == &source; });
  std::make_heap(queue_.begin(), queue_.end(), Later());
}

void Scheduler::push(const Entry& entry) {
  queue_.push_back(entry);
  std::push_heap(queue_.begin(), queue_.end(), Later());
}

Scheduler::Entry Scheduler::pop() {
  std::pop_heap(queue_.begin(), queue_.end(), Later());
  const Entry entry = queue_.back();
  queue_.pop_back();
  return entry;
}

void Scheduler::report_deadlock() {
  constexpr int kNamed = 4;
  std::string who;
  int blocked = 0;
  for (const auto& fiber : fibers_) {
    if (fiber->finished) continue;
    if (++blocked <= kNamed)
      who += fmt::format("{}rank {} waits for {}", who.empty() ? "" : "; ", fiber->rank,
                         fiber->waiting_on->waits_for(fiber->rank));
  }
  if (blocked > kNamed) who += fmt::format("; and {} more ranks wait", blocked - kNamed);
  deadlock_ = fmt::format("deadlock after {} ns of virtual time, nothing is under way and {}",
                          now_ / kPicosecondsPerNanosecond, who);
  for (const auto& fiber : fibers_) {
    if (fiber->finished) continue;
    fiber->deadlocked = true;
    resume_at(fiber->rank, now_);
  }
}

void Scheduler::give_up(int rank, std::string_view reason) noexcept {
  if (culprit_ >= 0) return;
  culprit_ = rank;
  reason_ = reason;
  for (const auto& fiber : fibers_)
    if (fiber->waiting_on != nullptr) resume_at(fiber->rank, now_);
}

void Scheduler::check() const {
  if (culprit_ >= 0) throw RankLost(culprit_, reason_);
}

}  // namespace weft
