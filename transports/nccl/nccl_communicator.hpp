#pragma once

#include <deque>

#include "transports/nccl/channel.hpp"
#include "transports/registry.hpp"

namespace weft::nccl {

/// Messages by ncclSend and ncclRecv in groups, collectives by NCCL's own; payload in the device's memory, or in
/// page-locked memory of the host. A call waits for the device by asking it again and again, as the executor does.
class NcclCommunicator final : public Communicator {
 public:
  /// Collective.
  NcclCommunicator(World& world, const TransportOptions& options);
  ~NcclCommunicator() override;

  Memory allocate(Bytes bytes) override;
  Memory allocate_signals(Bytes bytes) override;
  bool host_memory() const override { return memory_ == MemoryKind::registered; }
  Bytes last_level_cache() const override { return device_cache(); }
  void copy(std::byte* into, const std::byte* from, Bytes bytes) override;
  void reduce(std::byte* into, const std::byte* with, Bytes bytes, std::size_t blocks,
              const Reduction& reduction) override;

  void open_channels(int channels) override;
  bool channels_in_order() const override { return true; }
  void post_send(int peer, int channel, const std::byte* data, Bytes bytes, Pending& pending) override;
  void post_recv(int peer, int channel, std::byte* into, Bytes bytes, Pending& pending) override;
  void progress() override;
  void relax(Nanoseconds until) override;

  std::string refuses_native(const Call& call) const override;
  void native(const Call& call, const std::byte* in, std::byte* out) override;

 private:
  static constexpr int kFirstChannels = 2;

  void load_kernels();
  Channel& channel(int number) { return channels_[static_cast<std::size_t>(number)]; }
  void start_native(const Call& call, const std::byte* in, std::byte* out);

  World& world_;
  MemoryKind memory_;
  bool yields_;
  Stream work_ = nullptr;  // copies and reductions, which no message may hold up
  std::deque<Channel> channels_;
};

}  // namespace weft::nccl
