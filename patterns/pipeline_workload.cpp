#include "patterns/pipeline_workload.hpp"

#include <numeric>

namespace weft {

namespace {

/// The pipeline that the rank is in: consecutive ranks.
PipelineSeat seat_of(const PipelineLayout& layout, int rank) {
  PipelineSeat seat{.device = layout.device_of(rank), .ranks = {}};
  seat.ranks.resize(static_cast<std::size_t>(layout.shape.devices));
  std::iota(seat.ranks.begin(), seat.ranks.end(), rank - seat.device);
  return seat;
}

/// One lane that computes in the order of the schedule.
Lane compute_lane(const PipelineLayout& layout, const PipelineMessages& messages) {
  Lane lane("compute");
  const std::vector<Work>& order = messages.order();
  for (auto work = order.begin(); work != order.end();) {
    auto end = work + 1;
    while ((end - 1)->overlapped) ++end;
    Nanoseconds duration = 0;
    for (auto part = work; part != end; ++part) {
      if (const std::optional<int> input = messages.input(*part)) lane.await(*input);
      duration += layout.schedule->duration(layout.shape, part->pass);
    }
    lane.compute(duration);
    for (; work != end; ++work)
      if (const std::optional<int> output = messages.output(*work)) lane.signal(*output);
  }
  return lane;
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

PipelineWorkload::PipelineWorkload(const PipelineLayout& layout, int rank) {
  Program program;
  program.rank = rank;
  program.ranks = layout.ranks;
  program.dtype = Datatype::bf16;
  program.lanes.emplace_back("compute");
  if (!layout.idle(rank)) {
    messages_.emplace(*layout.schedule, layout.shape, layout.message, seat_of(layout, rank), PipelineMessages::Place{});
    program.in_bytes = messages_->in_bytes();
    program.out_bytes = messages_->out_bytes();
    program.events = messages_->events();
    program.lanes.front() = compute_lane(layout, *messages_);
    for (Lane& lane : messages_->lanes()) program.lanes.push_back(std::move(lane));
  }
  programs_.push_back(std::move(program));
}

void PipelineWorkload::fill(std::size_t, const Buffers& buffers, std::uint64_t salt) const {
  if (messages_) messages_->fill(buffers, salt);
}

std::uint64_t PipelineWorkload::count_wrong(std::size_t, const Buffers& buffers, std::uint64_t salt) const {
  return messages_ ? messages_->count_wrong(buffers, salt) : 0;
}

Bytes PipelineWorkload::wire_bytes(std::size_t) const { return messages_ ? messages_->sent_bytes() : 0; }

}  // namespace weft
