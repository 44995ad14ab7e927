#pragma once

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "transports/communicator.hpp"
#include "worlds/world.hpp"

namespace weft {

/// A world of one rank, for tests that need none.
class AloneWorld final : public World {
 public:
  std::string_view name() const override { return "alone"; }
  int rank() const override { return 0; }
  int ranks() const override { return 1; }
  std::vector<std::string> allgather(std::string_view mine) override { return {std::string(mine)}; }
  void abort(std::string_view) noexcept override {}
  void check() override {
    ++checks;
    if (lost) throw std::runtime_error("a rank is lost");
  }
  void set_deadline(Nanoseconds, const char*) override {}

  int checks = 0;
  bool lost = false;  ///< check() finds out
};

/// A rank that talks to itself. A message completes in the progress() after both sides are posted; the clock moves on
/// by 100 ns with each relax().
class Loopback final : public Communicator {
 public:
  Loopback() : Communicator(0, 1) {}

  Memory allocate(Bytes bytes) override {
    return {new std::byte[bytes + 1], [](const std::byte* memory) { delete[] memory; }};
  }
  void post_send(int, int channel, const std::byte* data, Bytes bytes, Pending& pending) override {
    ++pending.count;
    sends_[static_cast<std::size_t>(channel)] = {const_cast<std::byte*>(data), nullptr, bytes, nullptr, &pending};
  }
  void post_recv(int, int channel, std::byte* into, Bytes bytes, Pending& pending) override {
    ++pending.count;
    recvs_[static_cast<std::size_t>(channel)] = {into, nullptr, bytes, nullptr, &pending};
  }
  bool offers_recv_reduce() const override { return true; }
  void post_recv_reduce(int, int channel, std::byte* into, const std::byte* with, Bytes bytes,
                        const Reduction& reduction, Pending& pending) override {
    ++pending.count;
    recvs_[static_cast<std::size_t>(channel)] = {into, with, bytes, &reduction, &pending};
  }
  void progress() override {
    ++progressed;
    for (std::size_t channel = 0; channel < kChannels; ++channel) meet(sends_[channel], recvs_[channel]);
  }
  void relax(Nanoseconds until) override {
    now_ = std::min(until, now_ + 100);
    ++relaxed;
  }
  Nanoseconds now() const override { return now_; }

  int relaxed = 0;
  int progressed = 0;

 private:
  static constexpr std::size_t kChannels = 4;

  struct Posted {
    std::byte* data = nullptr;
    const std::byte* with = nullptr;
    Bytes bytes = 0;
    const Reduction* reduction = nullptr;
    Pending* pending = nullptr;
  };

  static void meet(Posted& send, Posted& recv) {
    if (send.pending == nullptr || recv.pending == nullptr) return;
    if (recv.reduction != nullptr)
      recv.reduction->kernel(recv.data, recv.with, send.data, recv.bytes / recv.reduction->element);
    else
      std::memcpy(recv.data, send.data, recv.bytes);
    --send.pending->count;
    --recv.pending->count;
    send = recv = {};
  }

  Posted sends_[kChannels];
  Posted recvs_[kChannels];
  Nanoseconds now_ = 0;
};

}  // namespace weft
