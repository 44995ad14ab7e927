#include "collectives/program.hpp"

#include <algorithm>
#include <stdexcept>

namespace weft {

Lane::Lane(std::string name, std::vector<Step> steps)
    : name_(std::move(name)),
      steps_(std::move(steps)),
      outstanding_(!steps_.empty() && steps_.back().action != Action::wait) {}

void Lane::send(int peer, Region from) {
  if (from.bytes == 0) return;
  steps_.push_back(
      {.action = Action::send, .src_space = from.space, .peer = peer, .src = from.offset, .bytes = from.bytes});
  outstanding_ = true;
}

void Lane::recv(int peer, Region into) {
  if (into.bytes == 0) return;
  steps_.push_back(
      {.action = Action::recv, .dst_space = into.space, .peer = peer, .dst = into.offset, .bytes = into.bytes});
  outstanding_ = true;
}

void Lane::recv_reduce(int peer, Region into, Region with) {
  if (into.bytes != with.bytes) throw std::logic_error("recv_reduce: lengths differ");
  if (into.bytes == 0) return;
  steps_.push_back({.action = Action::recv_reduce,
                    .dst_space = into.space,
                    .src_space = with.space,
                    .peer = peer,
                    .dst = into.offset,
                    .src = with.offset,
                    .bytes = into.bytes});
  outstanding_ = true;
}

void Lane::copy(Region into, Region from) {
  if (into.bytes != from.bytes) throw std::logic_error("copy: lengths differ");
  if (into.bytes == 0 || into == from) return;
  steps_.push_back({.action = Action::copy,
                    .dst_space = into.space,
                    .src_space = from.space,
                    .dst = into.offset,
                    .src = from.offset,
                    .bytes = into.bytes});
}

void Lane::reduce(Region into, Region from, std::optional<Datatype> dtype) {
  if (into.bytes == 0 && from.bytes == 0) return;
  if (into.bytes == 0 || from.bytes == 0 || from.bytes % into.bytes != 0)
    throw std::logic_error("reduce: not whole blocks");
  steps_.push_back({.action = Action::reduce,
                    .dst_space = into.space,
                    .src_space = from.space,
                    .dtype = dtype,
                    .peer = static_cast<std::int32_t>(from.bytes / into.bytes),
                    .dst = into.offset,
                    .src = from.offset,
                    .bytes = into.bytes});
}

void Lane::compute(Nanoseconds duration) {
  if (duration > 0) steps_.push_back({.action = Action::compute, .bytes = static_cast<Bytes>(duration)});
}

void Lane::wait() {
  if (outstanding_) steps_.push_back({.action = Action::wait});
  outstanding_ = false;
}

void Lane::signal(int event) { steps_.push_back({.action = Action::signal, .peer = event}); }

void Lane::await(int event) { steps_.push_back({.action = Action::await, .peer = event}); }

void Lane::native(int index) {
  wait();
  steps_.push_back({.action = Action::native, .peer = index});
}

void Lane::call(int routine) { steps_.push_back({.action = Action::call, .peer = routine}); }

Bytes Program::size_of_space(Space space) const {
  switch (space) {
    case Space::in:
      return in_bytes;
    case Space::out:
      return out_bytes;
    case Space::scratch:
      return scratch_bytes;
  }
  return 0;
}

namespace {

Bytes sent_by(const std::vector<Step>& steps) {
  Bytes sum = 0;
  for (const Step& step : steps)
    if (step.action == Action::send) sum += step.bytes;
  return sum;
}

/// What is sent by the steps of a rank of this node to those of others.
Bytes sent_from_node(const std::vector<Step>& steps, const Nodes& nodes, int node) {
  Bytes sum = 0;
  for (const Step& step : steps)
    if (step.action == Action::send && nodes[static_cast<std::size_t>(step.peer)] != node) sum += step.bytes;
  return sum;
}

/// What `count` says of each routine's steps.
template <typename Count>
std::vector<std::uint64_t> of_routines(const Program& program, Count count) {
  std::vector<std::uint64_t> counts;
  for (const Lane& routine : program.routines) counts.push_back(count(routine.steps()));
  return counts;
}

/// What `count` says of a lane's steps, and of a routine's at each call of it.
template <typename Count>
std::uint64_t executed(const Lane& lane, const std::vector<std::uint64_t>& routines, Count count) {
  std::uint64_t sum = count(lane.steps());
  for (const Step& step : lane.steps())
    if (step.action == Action::call) sum += routines[static_cast<std::size_t>(step.peer)];
  return sum;
}

template <typename Count>
std::uint64_t of_all_lanes(const Program& program, Count count) {
  const std::vector<std::uint64_t> routines = of_routines(program, count);
  std::uint64_t sum = 0;
  for (const Lane& lane : program.lanes) sum += executed(lane, routines, count);
  return sum;
}

std::uint64_t number_of(const std::vector<Step>& steps) { return steps.size(); }

}  // namespace

Bytes Program::sent_bytes(std::size_t lane) const {
  return executed(lanes[lane], of_routines(*this, sent_by), sent_by);
}

Bytes Program::sent_bytes() const { return of_all_lanes(*this, sent_by); }

Bytes Program::sent_bytes_between(const Nodes& nodes) const {
  const int node = nodes[static_cast<std::size_t>(rank)];
  return of_all_lanes(*this, [&](const std::vector<Step>& steps) { return sent_from_node(steps, nodes, node); });
}

std::uint64_t Program::executed_steps() const { return of_all_lanes(*this, number_of); }

Program inlined(const Program& program) {
  Program flat = program;
  flat.routines.clear();
  for (Lane& lane : flat.lanes) {
    std::vector<Step> steps;
    for (const Step& step : lane.steps()) {
      if (step.action != Action::call) {
        steps.push_back(step);
        continue;
      }
      const std::vector<Step>& routine = program.routines[static_cast<std::size_t>(step.peer)].steps();
      steps.insert(steps.end(), routine.begin(), routine.end());
    }
    lane = Lane(lane.name(), std::move(steps));
  }
  return flat;
}

Region Chunks::operator[](int index) const { return in(space_, index); }

Region Chunks::in(Space space, int index) const {
  const auto parts = static_cast<std::uint64_t>(parts_);
  const auto i = static_cast<std::uint64_t>(((index % parts_) + parts_) % parts_);
  const std::uint64_t first = i * (count_ / parts) + std::min(i, count_ % parts);
  const std::uint64_t length = count_ / parts + (i < count_ % parts ? 1 : 0);
  return {space, first * element_, length * element_};
}

}  // namespace weft
