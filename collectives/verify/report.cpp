#include "collectives/verify/report.hpp"

#include <fmt/format.h>

namespace weft::verify {

std::string describe(const Region& region) {
  static constexpr const char* kSpaces[] = {"in", "out", "scratch"};
  return fmt::format("{}[{}, {})", kSpaces[static_cast<std::size_t>(region.space)], region.offset,
                     region.offset + region.bytes);
}

std::string describe(const Step& step) {
  const std::string from = describe(step.source());
  const std::string into = describe(step.destination());
  switch (step.action) {
    case Action::send:
      return fmt::format("send {} to rank {}", from, step.peer);
    case Action::recv:
      return fmt::format("recv {} from rank {}", into, step.peer);
    case Action::recv_reduce:
      return fmt::format("recv_reduce {} with {} from rank {}", into, from, step.peer);
    case Action::copy:
      return fmt::format("copy {} from {}", into, from);
    case Action::reduce:
      return step.peer == 1 ? fmt::format("reduce {} with {}", into, from)
                            : fmt::format("reduce {} with {} blocks {}", into, step.peer, from);
    case Action::compute:
      return fmt::format("compute {} ns", step.bytes);
    case Action::wait:
      return "wait";
    case Action::signal:
      return fmt::format("signal event {}", step.peer);
    case Action::await:
      return fmt::format("await event {}", step.peer);
    case Action::native:
      return fmt::format("native {}", step.peer);
    case Action::call:
      return fmt::format("call routine {}", step.peer);
  }
  return {};
}

const Step& step_at(std::span<const Program> programs, const Place& place) {
  return programs[static_cast<std::size_t>(place.rank)].lanes[static_cast<std::size_t>(place.lane)].steps()[place.step];
}

std::string describe(std::span<const Program> programs, const Place& place) {
  const Lane& lane = programs[static_cast<std::size_t>(place.rank)].lanes[static_cast<std::size_t>(place.lane)];
  return fmt::format("rank {}, lane {}, step {} ({})", place.rank, lane.name(), place.step,
                     describe(step_at(programs, place)));
}

void Report::add(std::string sentence) {
  if (findings_.size() < kMost)
    findings_.push_back(std::move(sentence));
  else
    ++left_out_;
}

Findings Report::take() {
  if (left_out_ > 0) findings_.push_back(fmt::format("and {} more findings", left_out_));
  return std::move(findings_);
}

}  // namespace weft::verify
