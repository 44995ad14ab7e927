#include "transports/gloo/gloo_communicator.hpp"

#include <algorithm>
#include <chrono>

namespace weft::gloo {
namespace {

constexpr int kFirstChannels = 2;
constexpr Nanoseconds kLongestRest = 100'000;

}  // namespace

GlooCommunicator::GlooCommunicator(World& world, const TransportOptions& options)
    : Communicator(world.rank(), world.ranks()),
      world_(world),
      memory_(options.memory),
      mesh_(std::make_shared<Mesh>(world, options)) {
  GlooCommunicator::open_channels(kFirstChannels);
}

void GlooCommunicator::open_channels(int channels) {
  while (static_cast<int>(channels_.size()) < channels)
    channels_.emplace_back(world_, *mesh_, static_cast<int>(channels_.size()), bell_);
}

void GlooCommunicator::post_send(int peer, int channel, const std::byte* data, Bytes bytes, Pending& pending) {
  channels_[static_cast<std::size_t>(channel)].post_send(peer, data, bytes, pending);
}

void GlooCommunicator::post_recv(int peer, int channel, std::byte* into, Bytes bytes, Pending& pending) {
  channels_[static_cast<std::size_t>(channel)].post_recv(peer, into, bytes, pending);
}

void GlooCommunicator::progress() {
  for (Channel& channel : channels_) channel.progress();
}

// Sleeps: the threads that move the messages may have no other core.
void GlooCommunicator::relax(Nanoseconds until) {
  const Nanoseconds rest = std::clamp<Nanoseconds>(until - now(), 0, kLongestRest);
  static_cast<void>(bell_.try_acquire_for(std::chrono::nanoseconds(rest)));
}

}  // namespace weft::gloo
