#include "patterns/pipeline_workload.hpp"

#include <algorithm>
#include <cstring>

#include "collectives/summands.hpp"

namespace weft {

namespace {

constexpr Bytes kWindowStep = 64;
constexpr int kSlots = 2;
constexpr Bytes kElement = 2;  // bf16
constexpr int kPoison = 0xA5;

/// Events of one execution, a number for each micro-batch.
enum class Mark : std::uint8_t { arrived, done };
int event(Pass pass, Mark mark, int micro_batch) {
  return 4 * micro_batch + 2 * static_cast<int>(pass) + static_cast<int>(mark);
}

/// The content of a stream of messages, by 64-bit words from its beginning.
std::uint64_t key_of(std::uint64_t salt, Pass pass, int from, int to) {
  const auto pair = (static_cast<std::uint64_t>(from) << 32) + static_cast<std::uint64_t>(to);
  return mix(salt + mix(2 * pair + static_cast<std::uint64_t>(pass)));
}

Bytes windows_bytes(const PipelineShape& shape) {
  const Bytes last = kWindowStep * static_cast<Bytes>(shape.micro_batches - 1);
  return (last + shape.message + kWindowStep - 1) / kWindowStep * kWindowStep;
}

std::uint64_t count_wrong_window(const std::byte* data, std::uint64_t key, int micro_batch, Bytes bytes) {
  std::uint64_t wrong = 0;
  const Bytes first = kWindowStep * static_cast<Bytes>(micro_batch);
  for (Bytes at = 0; at < bytes; at += sizeof(std::uint64_t)) {
    const std::uint64_t expected = mix(key + first + at);
    std::uint64_t found = expected;
    std::memcpy(&found, data + at, std::min<Bytes>(sizeof found, bytes - at));
    if (found != expected) wrong += differing_elements(&found, &expected, sizeof found, kElement);
  }
  return wrong;
}

}  // namespace

PipelineWorkload::PipelineWorkload(PipelineShape shape, int rank) : shape_(std::move(shape)), rank_(rank) {
  Program program;
  program.rank = rank;
  program.ranks = shape_.ranks;
  program.dtype = Datatype::bf16;
  program.events = 4 * shape_.micro_batches;
  const int stage = shape_.stage_of(rank);
  if (!shape_.idle(rank)) {
    const int before = stage > 0 ? rank - 1 : -1;
    const int after = stage + 1 < shape_.stages ? rank + 1 : -1;
    streams_[0] = {.from = before, .to = after};
    streams_[1] = {.from = after, .to = before};
  }
  for (Stream& stream : streams_) {
    stream.sent_at = program.in_bytes;
    stream.received_at = program.out_bytes;
    if (stream.to >= 0) program.in_bytes += windows_bytes(shape_);
    if (stream.from >= 0) program.out_bytes += static_cast<Bytes>(slots()) * shape_.message;
  }
  add_compute_lane(program);
  for (const Pass pass : {Pass::forward, Pass::backward}) {
    if (stage % 2 == 0) {
      add_send_lane(program, pass);
      add_receive_lane(program, pass);
    } else {
      add_receive_lane(program, pass);
      add_send_lane(program, pass);
    }
  }
  programs_.push_back(std::move(program));
}

int PipelineWorkload::slots() const { return std::min(kSlots, shape_.micro_batches); }

void PipelineWorkload::add_compute_lane(Program& program) const {
  Lane lane("compute");
  if (!shape_.idle(rank_)) {
    const int stage = shape_.stage_of(rank_);
    for (const Work& work : schedule_of(shape_.schedule, shape_.stages, stage, shape_.micro_batches)) {
      if (stream(work.pass).from >= 0) lane.await(event(work.pass, Mark::arrived, work.micro_batch));
      lane.compute(work.pass == Pass::forward ? shape_.forward_ns : shape_.backward_ns);
      lane.signal(event(work.pass, Mark::done, work.micro_batch));
    }
  }
  program.lanes.push_back(std::move(lane));
}

void PipelineWorkload::add_send_lane(Program& program, Pass pass) const {
  Lane lane(pass == Pass::forward ? "send activations" : "send gradients");
  if (stream(pass).to >= 0) {
    for (int i = 0; i < shape_.micro_batches; ++i) {
      lane.await(event(pass, Mark::done, i));
      lane.send(stream(pass).to,
                {Space::in, stream(pass).sent_at + kWindowStep * static_cast<Bytes>(i), shape_.message});
      lane.wait();
    }
  }
  program.lanes.push_back(std::move(lane));
}

void PipelineWorkload::add_receive_lane(Program& program, Pass pass) const {
  Lane lane(pass == Pass::forward ? "receive activations" : "receive gradients");
  if (stream(pass).from >= 0) {
    for (int i = 0; i < shape_.micro_batches; ++i) {
      if (i >= slots()) lane.await(event(pass, Mark::done, i - slots()));
      const auto slot = static_cast<Bytes>(i % slots());
      lane.recv(stream(pass).from, {Space::out, stream(pass).received_at + slot * shape_.message, shape_.message});
      lane.wait();
      lane.signal(event(pass, Mark::arrived, i));
    }
  }
  program.lanes.push_back(std::move(lane));
}

void PipelineWorkload::fill(std::size_t program, const Buffers& buffers, std::uint64_t salt) const {
  if (programs_[program].out_bytes > 0) std::memset(buffers.out, kPoison, programs_[program].out_bytes);
  for (const Pass pass : {Pass::forward, Pass::backward}) {
    if (stream(pass).to < 0) continue;
    const std::uint64_t key = key_of(salt, pass, rank_, stream(pass).to);
    for (Bytes at = 0; at < windows_bytes(shape_); at += sizeof(std::uint64_t)) {
      const std::uint64_t word = mix(key + at);
      std::memcpy(buffers.in + stream(pass).sent_at + at, &word, sizeof word);
    }
  }
}

std::uint64_t PipelineWorkload::count_wrong(std::size_t, const Buffers& buffers, std::uint64_t salt) const {
  std::uint64_t wrong = 0;
  for (const Pass pass : {Pass::forward, Pass::backward}) {
    if (stream(pass).from < 0) continue;
    const std::uint64_t key = key_of(salt, pass, stream(pass).from, rank_);
    // The slots still hold the last micro-batches.
    for (int i = shape_.micro_batches - slots(); i < shape_.micro_batches; ++i) {
      const auto slot = static_cast<Bytes>(i % slots());
      wrong +=
          count_wrong_window(buffers.out + stream(pass).received_at + slot * shape_.message, key, i, shape_.message);
    }
  }
  return wrong;
}

Bytes PipelineWorkload::wire_bytes(std::size_t) const {
  const Bytes peers = (streams_[0].to >= 0 ? 1 : 0) + (streams_[1].to >= 0 ? 1 : 0);
  return peers * static_cast<Bytes>(shape_.micro_batches) * shape_.message;
}

}  // namespace weft
