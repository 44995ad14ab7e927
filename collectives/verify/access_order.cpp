#include "collectives/verify/access_order.hpp"

#include <algorithm>
#include <limits>

namespace weft::verify {

namespace {

constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();

bool overlap(const Region& a, const Region& b) {
  return a.space == b.space && a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
}

void join(std::vector<std::size_t>& clock, const std::vector<std::size_t>& other) {
  for (std::size_t i = 0; i < other.size(); ++i) clock[i] = std::max(clock[i], other[i]);
}

}  // namespace

AccessOrder::AccessOrder(const Program& program)
    : program_(program),
      clocks_(program.lanes.size(), Clock(program.lanes.size(), 0)),
      events_(static_cast<std::size_t>(program.events)) {
  for (const Lane& lane : program.lanes) {
    std::vector<std::size_t> waits(lane.steps().size(), kNever);
    std::size_t next = kNever;
    for (std::size_t i = waits.size(); i-- > 0;) {
      if (lane.steps()[i].action == Action::wait) next = i;
      waits[i] = next;
    }
    if (waits.empty()) std::fill(clocks_[next_wait_.size()].begin(), clocks_[next_wait_.size()].end(), kNever);
    next_wait_.push_back(std::move(waits));
  }
}

std::optional<AccessOrder::Conflict> AccessOrder::run(int lane, std::size_t index) {
  const auto l = static_cast<std::size_t>(lane);
  const std::vector<Step>& steps = program_.lanes[l].steps();
  const Step& step = steps[index];
  Clock& clock = clocks_[l];
  clock[l] = index;
  std::optional<Conflict> conflict;
  switch (step.action) {
    case Action::send:
      conflict = touch(lane, index, next_wait_[l][index], step.source(), false);
      break;
    case Action::recv:
      conflict = touch(lane, index, next_wait_[l][index], step.destination(), true);
      break;
    case Action::recv_reduce:
    case Action::copy:
    case Action::reduce: {
      const std::size_t finish = step.action == Action::recv_reduce ? next_wait_[l][index] : index;
      conflict = touch(lane, index, finish, step.destination(), true);
      if (!conflict) conflict = touch(lane, index, finish, step.source(), false);
      break;
    }
    case Action::signal:
      events_[static_cast<std::size_t>(step.peer)] = clock;
      break;
    case Action::await:
      join(clock, events_[static_cast<std::size_t>(step.peer)]);
      break;
    case Action::wait:
    case Action::compute:
    case Action::native:
    case Action::call:
      break;
  }
  clock[l] = index + 1;
  if (index + 1 == steps.size()) std::fill(clock.begin(), clock.end(), kNever);
  if (step.action == Action::wait || step.action == Action::await) forget_finished();
  return conflict;
}

std::optional<AccessOrder::Conflict> AccessOrder::touch(int lane, std::size_t step, std::size_t finish,
                                                        const Region& region, bool writes) {
  std::optional<Conflict> conflict;
  const Clock& clock = clocks_[static_cast<std::size_t>(lane)];
  for (const Access& access : live_) {
    if (conflict || (!writes && !access.writes) || !overlap(access.region, region)) continue;
    const bool itself = access.lane == lane && access.step == step;
    if (!itself && clock[static_cast<std::size_t>(access.lane)] <= access.finish)
      conflict = Conflict{access.lane, access.step, access.writes, access.region};
  }
  live_.push_back({lane, step, finish, region, writes});
  return conflict;
}

void AccessOrder::forget_finished() {
  std::erase_if(live_, [&](const Access& access) {
    return std::all_of(clocks_.begin(), clocks_.end(), [&](const Clock& clock) {
      return clock[static_cast<std::size_t>(access.lane)] > access.finish;
    });
  });
}

}  // namespace weft::verify
