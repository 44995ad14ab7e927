#include "patterns/pipeline_messages.hpp"

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

PipelineMessages::PipelineMessages(const Schedule& schedule, const PipelineShape& shape, Bytes message,
                                   PipelineSeat seat, Place place)
    : message_(message), seat_(std::move(seat)), place_(place), micro_batches_(shape.micro_batches) {
  const std::vector<Path> paths = schedule.paths(shape);
  chunks_ = static_cast<int>(paths.size()) * schedule.virtual_stages(shape);
  messages_ = micro_batches_ / static_cast<int>(paths.size());
  handovers_ = handovers_of(paths);
  std::erase_if(handovers_, [&](const Handover& handover) {
    return !handover.is_message() || (handover.from.device != seat_.device && handover.to.device != seat_.device);
  });
  order_ = schedule.order(shape, seat_.device);
  list_arrivals();
  lay_out();
}

std::vector<Lane> PipelineMessages::lanes() const {
  std::vector<Lane> all;
  for (const Handover& handover : handovers_) {
    while (all.size() < static_cast<std::size_t>(handover.lane)) all.emplace_back("unused");
    all[static_cast<std::size_t>(handover.lane - 1)] =
        handover.from.device == seat_.device ? send_lane(handover) : receive_lane(handover);
  }
  return all;
}

std::optional<int> PipelineMessages::input(const Work& work) const {
  if (source_of(work) == nullptr) return {};
  return event(*flow_of(work.pass), Mark::arrived, work.chunk, work.micro_batch);
}

std::optional<int> PipelineMessages::output(const Work& work) const {
  const std::optional<Flow> flow = flow_of(work.pass);
  if (!flow) return {};
  return event(*flow, Mark::done, work.chunk, work.micro_batch);
}

const Handover* PipelineMessages::source_of(const Work& work) const {
  for (const Handover& handover : handovers_)
    if (handover.flow == flow_of(work.pass) && handover.to == Seat{seat_.device, work.chunk}) return &handover;
  return nullptr;
}

void PipelineMessages::list_arrivals() {
  for (const Handover& handover : handovers_)
    if (handover.from.device == seat_.device) sides_[static_cast<std::size_t>(handover.flow)].sends = true;
  for (const Work& work : order_)
    if (const Handover* const source = source_of(work))
      sides_[static_cast<std::size_t>(source->flow)].arrivals.push_back({source, work.micro_batch});
}

void PipelineMessages::lay_out() {
  in_end_ = place_.in;
  out_end_ = place_.out;
  for (Side& side : sides_) {
    side.sent_at = in_end_;
    if (side.sends) in_end_ += windows_bytes();
    side.received_at = out_end_;
    if (side.arrivals.empty()) continue;
    side.slot = rounded_up(kWindowStep * ((side.arrivals.size() - 1) / slots(side)) + message_);
    out_end_ += slots(side) * side.slot;
  }
}

Lane PipelineMessages::send_lane(const Handover& handover) const {
  Lane lane(fmt::format("pp send {} of chunk {}", handover.flow == Flow::activations ? "activations" : "gradients",
                        handover.from.chunk));
  const int to = rank_of(handover.to.device);
  for (const Work& work : order_) {
    if (work.chunk != handover.from.chunk || flow_of(work.pass) != handover.flow) continue;
    lane.await(event(handover.flow, Mark::done, work.chunk, work.micro_batch));
    const Bytes at = kWindowStep * static_cast<Bytes>(window(handover.from, work.micro_batch));
    lane.send(to, {Space::in, side(handover.flow).sent_at + at, message_});
    lane.wait();
  }
  return lane;
}

Lane PipelineMessages::receive_lane(const Handover& handover) const {
  Lane lane(fmt::format("pp receive {} of chunk {}", handover.flow == Flow::activations ? "activations" : "gradients",
                        handover.to.chunk));
  const int from = rank_of(handover.from.device);
  const Side& mine = side(handover.flow);
  for (std::size_t i = 0; i < mine.arrivals.size(); ++i) {
    if (mine.arrivals[i].handover != &handover) continue;
    if (i >= slots(mine)) {
      const Arrival& before = mine.arrivals[i - slots(mine)];
      lane.await(event(handover.flow, Mark::done, before.handover->to.chunk, before.micro_batch));
    }
    lane.recv(from, {Space::out, place(mine, i), message_});
    lane.wait();
    lane.signal(event(handover.flow, Mark::arrived, handover.to.chunk, mine.arrivals[i].micro_batch));
  }
  return lane;
}

int PipelineMessages::event(Flow flow, Mark mark, int chunk, int micro_batch) const {
  const int kind = 2 * static_cast<int>(flow) + static_cast<int>(mark);
  return place_.event + (kind * chunks_ + chunk) * micro_batches_ + micro_batch;
}

int PipelineMessages::window(const Seat& from, int micro_batch) const {
  return from.chunk * micro_batches_ + micro_batch;
}

Bytes PipelineMessages::windows_bytes() const {
  return rounded_up(kWindowStep * static_cast<Bytes>(chunks_ * micro_batches_ - 1) + message_);
}

std::size_t PipelineMessages::slots(const Side& side) const { return std::min(kSlots, side.arrivals.size()); }

Bytes PipelineMessages::place(const Side& side, std::size_t arrival) const {
  return side.received_at + arrival % slots(side) * side.slot + arrival / slots(side) * kWindowStep;
}

/// The content of what a device sends one way, by 64-bit words from the beginning of its windows.
std::uint64_t PipelineMessages::key_of(std::uint64_t salt, Flow flow, int device) const {
  const auto sender = static_cast<std::uint64_t>(rank_of(device));
  return mix(salt + mix(2 * sender + static_cast<std::uint64_t>(flow)));
}

void PipelineMessages::fill(const Buffers& buffers, std::uint64_t salt) const {
  if (out_bytes() > 0) std::memset(buffers.out + place_.out, kPoison, out_bytes());
  for (const Flow flow : kFlows) {
    if (!side(flow).sends) continue;
    const std::uint64_t key = key_of(salt, flow, seat_.device);
    for (Bytes at = 0; at < windows_bytes(); at += sizeof(std::uint64_t)) {
      const std::uint64_t word = mix(key + at);
      std::memcpy(buffers.in + side(flow).sent_at + at, &word, sizeof word);
    }
  }
}

std::uint64_t PipelineMessages::count_wrong(const Buffers& buffers, std::uint64_t salt) const {
  std::uint64_t wrong = 0;
  for (const Flow flow : kFlows) {
    const Side& mine = side(flow);
    for (std::size_t i = 0; i < mine.arrivals.size(); ++i) {
      const auto& [handover, micro_batch] = mine.arrivals[i];
      const bool whole = i + slots(mine) >= mine.arrivals.size();  // else the next in the slot has left its beginning
      wrong +=
          count_wrong_window(buffers.out + place(mine, i), key_of(salt, flow, handover->from.device),
                             window(handover->from, micro_batch), whole ? message_ : std::min(kWindowStep, message_));
    }
  }
  return wrong;
}

Bytes PipelineMessages::sent_bytes() const {
  const auto sent = std::count_if(handovers_.begin(), handovers_.end(),
                                  [&](const Handover& handover) { return handover.from.device == seat_.device; });
  return static_cast<Bytes>(sent * messages_) * message_;
}

}  // namespace weft
