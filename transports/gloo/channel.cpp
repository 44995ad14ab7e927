#include "transports/gloo/channel.hpp"

#include <cstdint>

#include <fmt/format.h>

#include "transports/gloo/check.hpp"
#include "worlds/together.hpp"

namespace weft::gloo {
namespace {

constexpr std::size_t kMessages = 4096;

}  // namespace

Channel::Channel(World& world, Mesh& mesh, int number, std::counting_semaphore<>& bell)
    : world_(world), mesh_(mesh), slot_(static_cast<std::uint64_t>(number)), bell_(bell) {
  posted_.reserve(kMessages);
  batch_.reserve(kMessages);
  for (int peer = 0; peer < mesh.size; ++peer)
    buffers_.push_back(peer == mesh.rank ? nullptr : mesh.createUnboundBuffer(nullptr, SIZE_MAX));
  thread_ = std::thread([this] { serve(); });
}

Channel::~Channel() {
  closing_.store(true);
  for (const auto& buffer : buffers_) {
    if (buffer == nullptr) continue;
    buffer->abortWaitSend();
    buffer->abortWaitRecv();
  }
  handed_over_.fetch_add(1);
  handed_over_.notify_one();
  thread_.join();
}

void Channel::post_send(int peer, const std::byte* data, Bytes bytes, Pending& pending) {
  if (peer == mesh_.rank) return own_.post_send(data, bytes, pending);
  begin({peer, false, &pending}, data, bytes);
}

void Channel::post_recv(int peer, std::byte* into, Bytes bytes, Pending& pending) {
  if (peer == mesh_.rank) return own_.post_recv(into, pending);
  begin({peer, true, &pending}, into, bytes);
}

void Channel::begin(const Operation& operation, const std::byte* data, Bytes bytes) {
  ::gloo::transport::UnboundBuffer& buffer = *buffers_[static_cast<std::size_t>(operation.peer)];
  const auto offset = reinterpret_cast<std::uintptr_t>(data);
  try {
    if (operation.receives)
      buffer.recv(operation.peer, slot_, offset, bytes);
    else
      buffer.send(operation.peer, slot_, offset, bytes);
  } catch (const std::exception& error) {
    lose(operation.peer, words_of(error));
  }
  ++operation.pending->count;
  posted_.push_back(operation);
}

void Channel::progress() {
  if (ended_.load(std::memory_order_acquire) != handed_over_.load(std::memory_order_relaxed)) return;
  if (!failure_.empty()) lose(lost_, failure_);
  for (const Operation& operation : batch_) --operation.pending->count;
  batch_.clear();
  if (posted_.empty()) return;
  batch_.swap(posted_);
  handed_over_.fetch_add(1, std::memory_order_release);
  handed_over_.notify_one();
}

void Channel::serve() {
  for (unsigned batch = 0;; ++batch) {
    handed_over_.wait(batch, std::memory_order_acquire);
    if (closing_.load()) return;
    await_batch();
    ended_.store(batch + 1, std::memory_order_release);
    bell_.release();
  }
}

void Channel::await_batch() {
  for (const Operation& operation : batch_) {
    ::gloo::transport::UnboundBuffer& buffer = *buffers_[static_cast<std::size_t>(operation.peer)];
    try {
      if (!(operation.receives ? buffer.waitRecv(kUnlimited) : buffer.waitSend(kUnlimited))) return;  // closing
    } catch (const std::exception& error) {
      failure_ = words_of(error);
      lost_ = operation.peer;
      return;
    }
  }
}

void Channel::lose(int peer, const std::string& words) {
  hear_of_losses(world_);
  throw TransportError(fmt::format("gloo: messages with rank {} on {}: {}", peer, mesh_.host_of(peer), words));
}

}  // namespace weft::gloo
