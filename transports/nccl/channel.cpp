#include "transports/nccl/channel.hpp"

#include <cstring>
#include <string>

#include "transports/nccl/check.hpp"
#include "worlds/together.hpp"

namespace weft::nccl {

namespace {

constexpr std::size_t kMessages = 4096;
constexpr unsigned kPollsPerCheck = 1024;

/// Rank 0's, on every rank.
ncclUniqueId agreed_id(World& world) {
  ncclUniqueId id{};
  together(world, [&] {
    if (world.rank() == 0) check(ncclGetUniqueId(&id), "ncclGetUniqueId");
  });
  const std::string first = world.allgather({id.internal, sizeof id.internal}).front();
  std::memcpy(id.internal, first.data(), sizeof id.internal);
  return id;
}

}  // namespace

Channel::Channel(World& world) {
  posted_.reserve(kMessages);
  owners_.reserve(kMessages);
  const ncclUniqueId id = agreed_id(world);
  together(world, [&] {
    check(ncclCommInitRank(&comm_, world.ranks(), id, world.rank()), "ncclCommInitRank");
    stream_ = new_stream();
  });
  together(world, [&] { connect(world); });
}

// Where something is outstanding its other half may never come.
Channel::~Channel() {
  if (comm_ != nullptr) {
    if (running_ || !posted_.empty())
      ncclCommAbort(comm_);
    else
      ncclCommDestroy(comm_);
  }
  if (stream_ != nullptr) delete_stream(stream_);
}

// NCCL connects two ranks when they first exchange a message, and blocks in this meanwhile: a rank whose lane asks
// early for what comes late would keep its other lanes from ever bringing that about. So all connect now.
void Channel::connect(World& world) {
  const auto ranks = static_cast<Bytes>(world.ranks());
  const Memory bytes = new_registered_memory(ranks + 1);
  Pending pending;
  for (int peer = 0; peer < world.ranks(); ++peer) {
    post_send(peer, bytes.get() + ranks, 1, pending);
    post_recv(peer, bytes.get() + peer, 1, pending);
  }
  for (progress(); pending.count > 0; progress()) world.check();
}

void Channel::post_send(int peer, const std::byte* data, Bytes bytes, Pending& pending) {
  if (bytes == 0) return;  // known to both sides
  posted_.push_back({true, peer, const_cast<std::byte*>(data), bytes, &pending});
  ++pending.count;
}

void Channel::post_recv(int peer, std::byte* into, Bytes bytes, Pending& pending) {
  if (bytes == 0) return;
  posted_.push_back({false, peer, into, bytes, &pending});
  ++pending.count;
}

void Channel::progress() {
  if (!posted_.empty()) start_group();
  if (!running_ || !is_idle()) return;
  for (Pending* const owner : owners_) --owner->count;
  owners_.clear();
}

void Channel::start_group() {
  running_ = true;
  check(ncclGroupStart(), "ncclGroupStart");
  ncclResult_t result = ncclSuccess;
  for (const Message& message : posted_) {
    result = message.sends ? ncclSend(message.data, message.bytes, ncclUint8, message.peer, comm_, stream_)
                           : ncclRecv(message.data, message.bytes, ncclUint8, message.peer, comm_, stream_);
    if (result != ncclSuccess) break;
    owners_.push_back(message.pending);
  }
  const ncclResult_t ended = ncclGroupEnd();
  check(result, "ncclSend or ncclRecv");
  check(ended, "ncclGroupEnd");
  posted_.clear();
}

bool Channel::is_idle() {
  if (nccl::is_idle(stream_)) {
    running_ = false;
    return true;
  }
  if (++polls_ % kPollsPerCheck == 0) check_health();
  return false;
}

void Channel::check_health() {
  ncclResult_t result = ncclSuccess;
  check(ncclCommGetAsyncError(comm_, &result), "ncclCommGetAsyncError");
  if (result != ncclInProgress) check(result, "a message or collective under way");
}

}  // namespace weft::nccl
