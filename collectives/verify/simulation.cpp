#include "collectives/verify/simulation.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace weft::verify {

namespace {

std::uint64_t queue_key(int from, int to, int channel) {
  return (static_cast<std::uint64_t>(channel) << 48) | (static_cast<std::uint64_t>(from) << 24) |
         static_cast<std::uint64_t>(to);
}

}  // namespace

Simulation::Simulation(Report& report, Observer* observer) : report_(report), observer_(observer) {
  for (const Program& program : report.programs()) {
    lanes_.emplace_back(program.lanes.size());
    events_.emplace_back(static_cast<std::size_t>(program.events), char{0});
    orders_.emplace_back(program);
  }
}

void Simulation::run() {
  bool moved = true;
  while (moved) {
    moved = false;
    for (std::size_t rank = 0; rank < lanes_.size(); ++rank)
      for (std::size_t l = 0; l < lanes_[rank].size(); ++l)
        if (advance(static_cast<int>(rank), static_cast<int>(l))) moved = true;
  }
  report_blocked();
  report_unmet();
}

bool Simulation::advance(int rank, int l) {
  Place place{rank, l, 0};
  LaneState& state = lane(place);
  const std::vector<Step>& steps = program(rank).lanes[static_cast<std::size_t>(l)].steps();
  const std::size_t before = state.next;
  while (state.next < steps.size()) {
    place.step = state.next;
    if (!run_step(place, steps[state.next])) break;
    ++state.next;
  }
  return state.next != before;
}

bool Simulation::run_step(const Place& place, const Step& step) {
  std::vector<char>& events = events_[static_cast<std::size_t>(place.rank)];
  if (step.action == Action::wait && lane(place).pending > 0) return false;
  if (step.action == Action::await && events[static_cast<std::size_t>(step.peer)] == 0) return false;
  check_order(place);
  switch (step.action) {
    case Action::send:
    case Action::recv:
    case Action::recv_reduce:
      post(place, step);
      break;
    case Action::signal:
      events[static_cast<std::size_t>(step.peer)] = 1;
      break;
    case Action::copy:
    case Action::reduce:
    case Action::wait:
      if (observer_ != nullptr) observer_->executed(place, step);
      break;
    case Action::compute:
    case Action::await:
    case Action::native:
    case Action::call:
      break;
  }
  return true;
}

void Simulation::check_order(const Place& place) {
  const auto conflict = orders_[static_cast<std::size_t>(place.rank)].run(place.lane, place.step);
  if (!conflict) return;
  const Place earlier{place.rank, conflict->lane, conflict->step};
  report_.add(place, fmt::format("unsynchronised overlap with {}, which may still be {} {}",
                                 describe(report_.programs(), earlier), conflict->being_written ? "writing" : "reading",
                                 describe(conflict->region)));
}

void Simulation::post(const Place& place, const Step& step) {
  const bool sends = step.action == Action::send;
  const int channel = program(place.rank).channel_of(place.lane);
  const std::uint64_t key =
      sends ? queue_key(place.rank, step.peer, channel) : queue_key(step.peer, place.rank, channel);
  if (!program(place.rank).channels.empty()) check_channel_order(place, key, sends);
  Queue& queue = queues_[key];
  ++lane(place).pending;
  std::deque<Place>& partners = sends ? queue.recvs : queue.sends;
  if (partners.empty()) {
    (sends ? queue.sends : queue.recvs).push_back(place);
    return;
  }
  const Place partner = partners.front();
  partners.pop_front();
  deliver(sends ? place : partner, sends ? partner : place);
}

/// What an unlucky order of lanes would exchange must not be left to chance.
void Simulation::check_channel_order(const Place& place, std::uint64_t queue, bool sends) {
  const auto [last, first] = last_posts_[sends ? 0 : 1].try_emplace(queue, place);
  const Place before = last->second;
  last->second = place;
  if (!first && before.lane != place.lane &&
      !orders_[static_cast<std::size_t>(place.rank)].has_begun(before.lane, before.step, place.lane))
    report_.add(place, "shares its channel, unordered, with " + describe(report_.programs(), before));
}

void Simulation::deliver(const Place& send, const Place& recv) {
  const Bytes sent = step_at(report_.programs(), send).bytes;
  const Bytes expected = step_at(report_.programs(), recv).bytes;
  if (sent != expected)
    report_.add(
        recv, fmt::format("expects {} B and meets {} B, from {}", expected, sent, describe(report_.programs(), send)));
  --lane(send).pending;
  --lane(recv).pending;
  if (observer_ != nullptr) observer_->delivered(send, recv, std::min(sent, expected));
}

void Simulation::report_blocked() {
  for (std::size_t rank = 0; rank < lanes_.size(); ++rank)
    for (std::size_t l = 0; l < lanes_[rank].size(); ++l) {
      const Place place{static_cast<int>(rank), static_cast<int>(l), lanes_[rank][l].next};
      if (place.step < program(place.rank).lanes[l].steps().size()) report_.add(place, "deadlock: never goes on");
    }
}

void Simulation::report_unmet() {
  for (const auto& [key, queue] : queues_) {
    for (const Place& send : queue.sends) report_.add(send, "no receive meets it");
    for (const Place& recv : queue.recvs) report_.add(recv, "no send meets it");
  }
}

}  // namespace weft::verify
