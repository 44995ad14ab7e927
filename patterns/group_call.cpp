#include "patterns/group_call.hpp"

#include <utility>

#include "collectives/payload.hpp"
#include "collectives/summands.hpp"

namespace weft {

namespace {

constexpr Bytes kPageBytes = 4096;

Bytes next_page(Bytes bytes) { return (bytes + kPageBytes - 1) / kPageBytes * kPageBytes; }

bool talks(Action action) { return action == Action::send || action == Action::recv || action == Action::recv_reduce; }

/// The same on all ranks of the group, and of its own for each call and group.
std::uint64_t salt_of(const GroupCall& call, std::uint64_t salt) {
  std::uint64_t key = salt + static_cast<std::uint64_t>(call.ranks.front());
  for (const char letter : call.name) key = mix(key + static_cast<unsigned char>(letter));
  return key;
}

}  // namespace

Routines::Routines(std::vector<GroupCall> calls) : calls_(std::move(calls)) {}

void Routines::add_to(Program& program) {
  for (const GroupCall& call : calls_) {
    program.in_bytes = next_page(program.in_bytes);
    program.out_bytes = next_page(program.out_bytes);
    program.scratch_bytes = next_page(program.scratch_bytes);
    const Offsets offsets{program.in_bytes, program.out_bytes, program.scratch_bytes};
    const Bytes start[] = {offsets.in, offsets.out, offsets.scratch};  // by Space
    const Program alone = build_program(*call.algorithm, call.call);
    std::vector<Step> steps = alone.lanes.front().steps();
    for (Step& step : steps) {
      if (talks(step.action)) step.peer = call.ranks[static_cast<std::size_t>(step.peer)];
      step.dst += start[static_cast<std::size_t>(step.dst_space)];
      step.src += start[static_cast<std::size_t>(step.src_space)];
      step.dtype = call.call.dtype;
    }
    program.routines.emplace_back(call.name, std::move(steps));
    program.in_bytes += alone.in_bytes;
    program.out_bytes += alone.out_bytes;
    program.scratch_bytes += alone.scratch_bytes;
    offsets_.push_back(offsets);
  }
}

Buffers Routines::shifted(const Buffers& buffers, const Offsets& offsets) {
  return {buffers.in + offsets.in, buffers.out + offsets.out, buffers.scratch + offsets.scratch};
}

std::vector<std::uint64_t> Routines::times_called(const Program& program) const {
  std::vector<std::uint64_t> times(calls_.size(), 0);
  for (const Lane& lane : program.lanes)
    for (const Step& step : lane.steps())
      if (step.action == Action::call) ++times[static_cast<std::size_t>(step.peer)];
  return times;
}

Bytes Routines::wire_bytes(const Program& program) const {
  const std::vector<std::uint64_t> times = times_called(program);
  Bytes sum = 0;
  for (std::size_t i = 0; i < calls_.size(); ++i) sum += times[i] * calls_[i].algorithm->wire_bytes(calls_[i].call);
  return sum;
}

void Routines::fill(const Buffers& buffers, std::uint64_t salt) const {
  for (std::size_t i = 0; i < calls_.size(); ++i)
    fill_payload(calls_[i].call, shifted(buffers, offsets_[i]), salt_of(calls_[i], salt));
}

std::uint64_t Routines::count_wrong(const Program& program, const Buffers& buffers, std::uint64_t salt) const {
  const std::vector<std::uint64_t> times = times_called(program);
  std::uint64_t wrong = 0;
  for (std::size_t i = 0; i < calls_.size(); ++i)
    if (times[i] > 0)
      wrong += weft::count_wrong(calls_[i].call, shifted(buffers, offsets_[i]), salt_of(calls_[i], salt));
  return wrong;
}

}  // namespace weft
