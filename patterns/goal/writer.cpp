#include "patterns/goal/writer.hpp"

#include <algorithm>
#include <ostream>
#include <stdexcept>
#include <utility>

#include <fmt/ostream.h>

#include "core/error.hpp"

namespace weft {

namespace {

constexpr std::size_t kMostRequired = 2;  // more are joined first

bool calculates(const Lane& lane) {
  return std::any_of(lane.steps().begin(), lane.steps().end(),
                     [](const Step& step) { return step.action == Action::compute; });
}

void add(std::vector<std::uint32_t>& all, const std::vector<std::uint32_t>& some) {
  for (const std::uint32_t one : some)
    if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(one);
}

}  // namespace

GoalWriter::GoalWriter(std::ostream& out, int ranks, GoalCpus cpus) : out_(out), cpus_(cpus) {
  fmt::print(out_, "num_ranks {}\n", ranks);
}

void GoalWriter::write(const Program& program) {
  fmt::print(out_, "\nrank {} {{\n", program.rank);
  operations_ = 0;
  events_.clear();
  lanes_.assign(program.lanes.size(), {});
  int last_cpu = 0;
  for (std::size_t lane = 0; lane < lanes_.size(); ++lane)
    if (cpus_ == GoalCpus::per_lane && calculates(program.lanes[lane])) lanes_[lane].cpu = ++last_cpu;
  bool moved = true;
  while (moved) {
    moved = false;
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) moved |= advance(program, lane);
  }
  for (std::size_t lane = 0; lane < lanes_.size(); ++lane)
    if (lanes_[lane].next < program.lanes[lane].steps().size())
      throw std::logic_error(fmt::format("rank {}, lane {}: awaits what never happens", program.rank, lane));
  fmt::print(out_, "}}\n");
}

bool GoalWriter::advance(const Program& program, std::size_t lane) {
  const std::vector<Step>& steps = program.lanes[lane].steps();
  const std::size_t before = lanes_[lane].next;
  while (lanes_[lane].next < steps.size() && write_step(program, lane, steps[lanes_[lane].next])) ++lanes_[lane].next;
  return lanes_[lane].next != before;
}

bool GoalWriter::write_step(const Program& program, std::size_t lane, const Step& step) {
  Progress& progress = lanes_[lane];
  switch (step.action) {
    case Action::send:
    case Action::recv:
    case Action::recv_reduce:
      message(step, program.channel_of(static_cast<int>(lane)), progress);
      return true;
    case Action::compute:
      calc(static_cast<Nanoseconds>(step.bytes), progress.cpu, progress);
      return true;
    case Action::wait:
      wait(progress);
      return true;
    case Action::signal:
      settle(progress);
      events_[step.peer] = progress.required;
      return true;
    case Action::await: {
      const auto happened = events_.find(step.peer);
      if (happened == events_.end()) return false;
      add(progress.required, happened->second);
      progress.newer = true;
      return true;
    }
    case Action::copy:
    case Action::reduce:
      return true;
    case Action::native:
    case Action::call:
      throw UsageError(
          "a transport's own collective is no program that could be exported: name one of weft's algorithms "
          "with --algorithm");
  }
  return true;
}

void GoalWriter::message(const Step& step, int tag, Progress& progress) {
  settle(progress);
  const std::uint32_t operation = begin_operation();
  const bool sends = step.action == Action::send;
  fmt::print(out_, "{} {}b {} {} tag {}\n", sends ? "send" : "recv", step.bytes, sends ? "to" : "from", step.peer, tag);
  end_operation(operation, progress.required);
  progress.outstanding.push_back(operation);
  progress.newer = false;
}

void GoalWriter::calc(Nanoseconds duration, int cpu, Progress& progress) {
  const std::uint32_t operation = begin_operation();
  fmt::print(out_, "calc {}", duration);
  if (cpu != 0) fmt::print(out_, " cpu {}", cpu);
  fmt::print(out_, "\n");
  end_operation(operation, progress.required);
  progress.required = {operation};
  progress.newer = true;
}

/// What was required when the last message started has ended when that has.
void GoalWriter::wait(Progress& progress) {
  if (progress.outstanding.empty()) return;
  Operations required = std::exchange(progress.outstanding, {});
  if (progress.newer) add(required, progress.required);
  progress.required = std::move(required);
  progress.newer = true;
}

void GoalWriter::settle(Progress& progress) {
  if (progress.required.size() > kMostRequired) calc(0, 0, progress);
}

std::uint32_t GoalWriter::begin_operation() {
  fmt::print(out_, "l{}: ", ++operations_);
  return operations_;
}

void GoalWriter::end_operation(std::uint32_t operation, const Operations& required) {
  for (const std::uint32_t on : required) fmt::print(out_, "l{} requires l{}\n", operation, on);
}

}  // namespace weft
