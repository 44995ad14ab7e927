#include "transports/nccl/nccl_communicator.hpp"

#include <sched.h>

#include "transports/nccl/reduce.hpp"
#include "transports/nccl/seats.hpp"
#include "worlds/together.hpp"

namespace weft::nccl {

NcclCommunicator::NcclCommunicator(World& world, const TransportOptions& options)
    : Communicator(world.rank(), world.ranks()),
      world_(world),
      memory_(options.memory == MemoryKind::automatic ? MemoryKind::device : options.memory),
      yields_(options.oversubscribed) {
  take_seat(world, options);
  together(world, [&] {
    work_ = new_stream();
    load_kernels();
  });
  open_channels(kFirstChannels);
}

NcclCommunicator::~NcclCommunicator() {
  if (work_ != nullptr) delete_stream(work_);
}

// CUDA loads a kernel when it is first started, and may wait for all that runs before: for messages that wait for a
// peer.
void NcclCommunicator::load_kernels() {
  for (const Datatype dtype : all_datatypes())
    for (const ReduceOp op : all_reduce_ops())
      if (reducible(dtype)) start_reduction(nullptr, nullptr, 0, 1, dtype, op, work_);
  check_launch();
  wait_for(work_);
}

Memory NcclCommunicator::allocate(Bytes bytes) {
  return memory_ == MemoryKind::device ? new_device_memory(bytes, work_) : new_registered_memory(bytes);
}

Memory NcclCommunicator::allocate_signals(Bytes bytes) { return new_registered_memory(bytes); }

void NcclCommunicator::copy(std::byte* into, const std::byte* from, Bytes bytes) {
  nccl::copy(into, from, bytes, work_);
  wait_for(work_);
}

void NcclCommunicator::reduce(std::byte* into, const std::byte* with, Bytes bytes, std::size_t blocks,
                              const Reduction& reduction) {
  start_reduction(into, with, bytes / reduction.element, blocks, reduction.dtype, reduction.op, work_);
  check_launch();
  wait_for(work_);
}

void NcclCommunicator::open_channels(int channels) {
  while (static_cast<int>(channels_.size()) < channels) channels_.emplace_back(world_);
}

void NcclCommunicator::post_send(int peer, int channel_number, const std::byte* data, Bytes bytes, Pending& pending) {
  channel(channel_number).post_send(peer, data, bytes, pending);
}

void NcclCommunicator::post_recv(int peer, int channel_number, std::byte* into, Bytes bytes, Pending& pending) {
  channel(channel_number).post_recv(peer, into, bytes, pending);
}

void NcclCommunicator::progress() {
  for (Channel& one : channels_) one.progress();
}

void NcclCommunicator::relax(Nanoseconds) {
  if (yields_) sched_yield();
}

}  // namespace weft::nccl
