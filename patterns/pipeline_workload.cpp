#include "patterns/pipeline_workload.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "collectives/summands.hpp"

namespace weft {

namespace {

constexpr Bytes kWindowStep = 64;
constexpr std::size_t kSlots = 2;
constexpr Bytes kElement = 2;  // bf16
constexpr int kPoison = 0xA5;
constexpr Flow kFlows[] = {Flow::activations, Flow::gradients};

Bytes rounded_up(Bytes bytes) { return (bytes + kWindowStep - 1) / kWindowStep * kWindowStep; }

std::uint64_t count_wrong_window(const std::byte* data, std::uint64_t key, int window, Bytes bytes) {
  std::uint64_t wrong = 0;
  const Bytes first = kWindowStep * static_cast<Bytes>(window);
  for (Bytes at = 0; at < bytes; at += sizeof(std::uint64_t)) {
    const std::uint64_t expected = mix(key + first + at);
    std::uint64_t found = expected;
    std::memcpy(&found, data + at, std::min<Bytes>(sizeof found, bytes - at));
    if (found != expected) wrong += differing_elements(&found, &expected, sizeof found, kElement);
  }
  return wrong;
}

}  // namespace

PipelineShape pipeline_shape(const Request& request, int ranks) {
  return {.devices = request.stages == 0 ? ranks : request.stages,
          .micro_batches = request.micro_batches,
          .virtual_stages = request.virtual_stages,
          .forward_ns = request.forward_ns,
          .backward_ns = request.backward_ns,
          .weight_ns = request.weight_ns.value_or(request.backward_ns / 2)};
}

PipelineWorkload::PipelineWorkload(const PipelineLayout& layout, int rank)
    : layout_(layout), rank_(rank), device_(layout.device_of(rank)) {
  Program program;
  program.rank = rank;
  program.ranks = layout_.ranks;
  program.dtype = Datatype::bf16;
  if (!layout_.idle(rank)) {
    const std::vector<Path> paths = layout_.schedule->paths(layout_.shape);
    chunks_ = static_cast<int>(paths.size()) * layout_.schedule->virtual_stages(layout_.shape);
    messages_ = layout_.messages(paths);
    handovers_ = handovers_of(paths);
    std::erase_if(handovers_, [&](const Handover& handover) {
      return !handover.is_message() || (handover.from.device != device_ && handover.to.device != device_);
    });
    order_ = layout_.schedule->order(layout_.shape, device_);
    list_arrivals();
  }
  program.events = 4 * chunks_ * layout_.shape.micro_batches;
  lay_out(program);
  program.lanes.push_back(compute_lane());
  for (const Handover& handover : handovers_) {
    while (program.lanes.size() <= static_cast<std::size_t>(handover.lane)) program.lanes.emplace_back("unused");
    program.lanes[static_cast<std::size_t>(handover.lane)] =
        handover.from.device == device_ ? send_lane(handover) : receive_lane(handover);
  }
  programs_.push_back(std::move(program));
}

const Handover* PipelineWorkload::source_of(const Work& work) const {
  for (const Handover& handover : handovers_)
    if (handover.flow == flow_of(work.pass) && handover.to == Seat{device_, work.chunk}) return &handover;
  return nullptr;
}

void PipelineWorkload::list_arrivals() {
  for (const Handover& handover : handovers_)
    if (handover.from.device == device_) sides_[static_cast<std::size_t>(handover.flow)].sends = true;
  for (const Work& work : order_)
    if (const Handover* const source = source_of(work))
      sides_[static_cast<std::size_t>(source->flow)].arrivals.push_back({source, work.micro_batch});
}

void PipelineWorkload::lay_out(Program& program) {
  for (Side& side : sides_) {
    side.sent_at = program.in_bytes;
    if (side.sends) program.in_bytes += windows_bytes();
    side.received_at = program.out_bytes;
    if (side.arrivals.empty()) continue;
    side.slot = rounded_up(kWindowStep * ((side.arrivals.size() - 1) / slots(side)) + layout_.message);
    program.out_bytes += slots(side) * side.slot;
  }
}

Lane PipelineWorkload::compute_lane() const {
  Lane lane("compute");
  for (auto work = order_.begin(); work != order_.end();) {
    auto end = work + 1;
    while ((end - 1)->overlapped) ++end;
    Nanoseconds duration = 0;
    for (auto part = work; part != end; ++part) {
      if (source_of(*part) != nullptr)
        lane.await(event(*flow_of(part->pass), Mark::arrived, part->chunk, part->micro_batch));
      duration += layout_.schedule->duration(layout_.shape, part->pass);
    }
    lane.compute(duration);
    for (; work != end; ++work)
      if (const std::optional<Flow> flow = flow_of(work->pass))
        lane.signal(event(*flow, Mark::done, work->chunk, work->micro_batch));
  }
  return lane;
}

Lane PipelineWorkload::send_lane(const Handover& handover) const {
  Lane lane(fmt::format("send {} of chunk {}", handover.flow == Flow::activations ? "activations" : "gradients",
                        handover.from.chunk));
  const int to = rank_of(handover.to.device);
  for (const Work& work : order_) {
    if (work.chunk != handover.from.chunk || flow_of(work.pass) != handover.flow) continue;
    lane.await(event(handover.flow, Mark::done, work.chunk, work.micro_batch));
    const Bytes at = kWindowStep * static_cast<Bytes>(window(handover.from, work.micro_batch));
    lane.send(to, {Space::in, side(handover.flow).sent_at + at, layout_.message});
    lane.wait();
  }
  return lane;
}

Lane PipelineWorkload::receive_lane(const Handover& handover) const {
  Lane lane(fmt::format("receive {} of chunk {}", handover.flow == Flow::activations ? "activations" : "gradients",
                        handover.to.chunk));
  const int from = rank_of(handover.from.device);
  const Side& mine = side(handover.flow);
  for (std::size_t i = 0; i < mine.arrivals.size(); ++i) {
    if (mine.arrivals[i].handover != &handover) continue;
    if (i >= slots(mine)) {
      const Arrival& before = mine.arrivals[i - slots(mine)];
      lane.await(event(handover.flow, Mark::done, before.handover->to.chunk, before.micro_batch));
    }
    lane.recv(from, {Space::out, place(mine, i), layout_.message});
    lane.wait();
    lane.signal(event(handover.flow, Mark::arrived, handover.to.chunk, mine.arrivals[i].micro_batch));
  }
  return lane;
}

int PipelineWorkload::event(Flow flow, Mark mark, int chunk, int micro_batch) const {
  const int kind = 2 * static_cast<int>(flow) + static_cast<int>(mark);
  return (kind * chunks_ + chunk) * layout_.shape.micro_batches + micro_batch;
}

int PipelineWorkload::window(const Seat& from, int micro_batch) const {
  return from.chunk * layout_.shape.micro_batches + micro_batch;
}

Bytes PipelineWorkload::windows_bytes() const {
  return rounded_up(kWindowStep * static_cast<Bytes>(chunks_ * layout_.shape.micro_batches - 1) + layout_.message);
}

std::size_t PipelineWorkload::slots(const Side& side) const { return std::min(kSlots, side.arrivals.size()); }

Bytes PipelineWorkload::place(const Side& side, std::size_t arrival) const {
  return side.received_at + arrival % slots(side) * side.slot + arrival / slots(side) * kWindowStep;
}

/// The content of what a device sends one way, by 64-bit words from the beginning of its windows.
std::uint64_t PipelineWorkload::key_of(std::uint64_t salt, Flow flow, int device) const {
  const auto sender = static_cast<std::uint64_t>(rank_of(device));
  return mix(salt + mix(2 * sender + static_cast<std::uint64_t>(flow)));
}

void PipelineWorkload::fill(std::size_t program, const Buffers& buffers, std::uint64_t salt) const {
  if (programs_[program].out_bytes > 0) std::memset(buffers.out, kPoison, programs_[program].out_bytes);
  for (const Flow flow : kFlows) {
    if (!side(flow).sends) continue;
    const std::uint64_t key = key_of(salt, flow, device_);
    for (Bytes at = 0; at < windows_bytes(); at += sizeof(std::uint64_t)) {
      const std::uint64_t word = mix(key + at);
      std::memcpy(buffers.in + side(flow).sent_at + at, &word, sizeof word);
    }
  }
}

std::uint64_t PipelineWorkload::count_wrong(std::size_t, const Buffers& buffers, std::uint64_t salt) const {
  std::uint64_t wrong = 0;
  for (const Flow flow : kFlows) {
    const Side& mine = side(flow);
    for (std::size_t i = 0; i < mine.arrivals.size(); ++i) {
      const auto& [handover, micro_batch] = mine.arrivals[i];
      const bool whole = i + slots(mine) >= mine.arrivals.size();  // else the next in the slot has left its beginning
      wrong += count_wrong_window(buffers.out + place(mine, i), key_of(salt, flow, handover->from.device),
                                  window(handover->from, micro_batch),
                                  whole ? layout_.message : std::min(kWindowStep, layout_.message));
    }
  }
  return wrong;
}

Bytes PipelineWorkload::wire_bytes(std::size_t) const {
  const auto sent = std::count_if(handovers_.begin(), handovers_.end(),
                                  [&](const Handover& handover) { return handover.from.device == device_; });
  return static_cast<Bytes>(sent * messages_) * layout_.message;
}

}  // namespace weft
