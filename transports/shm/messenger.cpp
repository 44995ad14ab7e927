#include "transports/shm/messenger.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/error.hpp"

namespace weft::shm {

namespace {

constexpr std::uint32_t kSlab = 256;
constexpr Bytes kPiece = 256 << 10;        // copied per progress(), so that other lanes go on meanwhile
constexpr Bytes kStreamingFrom = 2 << 20;  // results larger than a core's share of the cache go past it
constexpr int kMessagesPerLook = 16;

}  // namespace

/// A send, a receive, or a message put aside; recycled.
struct Messenger::Operation {
  Operation* next = nullptr;
  std::uint32_t self = 0;  // this operation's own token
  Kind kind = Kind::inlined;
  std::uint16_t channel = 0;
  int peer = 0;
  Pending* pending = nullptr;
  const std::byte* from = nullptr;
  std::byte* into = nullptr;
  const std::byte* with = nullptr;
  Bytes bytes = 0;
  Bytes done = 0;
  Place place = 0;
  std::uint32_t token = 0;  // the peer's token
  Reduction reduction;
  std::byte* aside = nullptr;  // kEagerBytes of its own
};

void Messenger::Queue::push(Operation* operation) {
  operation->next = nullptr;
  (tail != nullptr ? tail->next : head) = operation;
  tail = operation;
}

Messenger::Operation* Messenger::Queue::pop() {
  Operation* const first = head;
  head = first->next;
  if (head == nullptr) tail = nullptr;
  return first;
}

Messenger::Messenger(int rank, int ranks, const Segments& segments) : segments_(segments) {
  const Control mine(segments.base(rank, 0), ranks);
  for (int peer = 0; peer < ranks; ++peer) {
    const Control theirs(segments.base(peer, 0), ranks);
    peers_.push_back({.rank = peer,
                      .sender = RingSender(theirs.ring_from(rank), mine.credit_to(peer)),
                      .receiver = RingReceiver(mine.ring_from(peer), theirs.credit_to(rank)),
                      .unsent = {},
                      .channels = std::vector<Channel>(1)});
  }
  add_slab();
}

Messenger::~Messenger() = default;

Messenger::Operation* Messenger::acquire() {
  if (free_ == nullptr) add_slab();
  Operation* const operation = free_;
  free_ = operation->next;
  return operation;
}

// The last one back is the first out again, as it is still in the cache.
void Messenger::release(Operation* operation) {
  operation->next = free_;
  free_ = operation;
}

void Messenger::add_slab() {
  const auto first = static_cast<std::uint32_t>(slabs_.size()) * kSlab;
  slabs_.push_back({.operations = std::make_unique<Operation[]>(kSlab),
                    .aside = std::make_unique_for_overwrite<std::byte[]>(kSlab * kEagerBytes)});
  const Slab& slab = slabs_.back();
  for (std::uint32_t i = kSlab; i-- > 0;) {
    Operation& operation = slab.operations[i];
    operation.self = first + i;
    operation.aside = &slab.aside[i * kEagerBytes];
    release(&operation);
  }
}

Messenger::Operation* Messenger::operation(std::uint32_t token) const {
  return &slabs_[token / kSlab].operations[token % kSlab];
}

Messenger::Channel& Messenger::channel_of(Peer& peer, std::size_t channel) {
  if (channel >= peer.channels.size()) peer.channels.resize(channel + 1);
  return peer.channels[channel];
}

void Messenger::post_send(int peer_rank, int channel, const std::byte* data, Bytes bytes, Pending& pending) {
  Peer& peer = peers_[static_cast<std::size_t>(peer_rank)];
  const auto channel_id = static_cast<std::uint16_t>(channel);
  if (bytes <= kEagerBytes && peer.unsent.empty() && peer.sender.send(channel_id, data, bytes)) return;
  Operation* const send = acquire();
  send->kind = bytes <= kEagerBytes ? Kind::eager : Kind::offer;
  send->channel = channel_id;
  send->peer = peer_rank;
  send->pending = &pending;
  send->from = data;
  send->bytes = bytes;
  if (send->kind == Kind::offer) send->place = segments_.place_of(data);
  ++pending.count;
  send_or_queue(peer, send);
}

bool Messenger::try_send(Peer& peer, const Operation& operation) {
  switch (operation.kind) {
    case Kind::offer:
      return peer.sender.offer(operation.channel, operation.place, operation.bytes, operation.self);
    case Kind::taken:
      return peer.sender.taken(operation.token);
    default:
      return peer.sender.send(operation.channel, operation.from, operation.bytes);
  }
}

void Messenger::send_or_queue(Peer& peer, Operation* operation) {
  peer.unsent.push(operation);
  flush(peer);
}

/// Sends what is queued, in order. An offer stays with its sender until the peer has taken it.
bool Messenger::flush(Peer& peer) {
  while (!peer.unsent.empty() && try_send(peer, *peer.unsent.head)) {
    Operation* const sent = peer.unsent.pop();
    if (sent->kind == Kind::offer) continue;
    --sent->pending->count;
    release(sent);
  }
  return peer.unsent.empty();
}

void Messenger::post_recv(int peer_rank, int channel, std::byte* into, const std::byte* with, Bytes bytes,
                          const Reduction& reduction, Pending& pending) {
  Operation* const receive = acquire();
  receive->peer = peer_rank;
  receive->channel = static_cast<std::uint16_t>(channel);
  receive->into = into;
  receive->with = with;
  receive->bytes = bytes;
  receive->done = 0;
  receive->reduction = reduction;
  receive->pending = &pending;
  ++pending.count;
  Channel& queues = channel_of(peers_[static_cast<std::size_t>(peer_rank)], static_cast<std::size_t>(channel));
  if (queues.arrived.empty()) return queues.posted.push(receive);
  Operation* const message = queues.arrived.pop();
  expect(*receive, message->bytes);
  if (message->kind == Kind::offer)
    start_transfer(receive, message->place, message->token);
  else
    deliver(receive, message->aside);
  release(message);
}

void Messenger::progress() {
  for (Peer& peer : peers_) {
    if (!peer.unsent.empty()) flush(peer);
    drain(peer);
  }
  if (!transfers_.empty()) transfer_some();
}

void Messenger::drain(Peer& peer) {
  for (int i = 0; i < kMessagesPerLook; ++i) {
    const Line* const line = peer.receiver.front();
    if (line == nullptr) return;
    handle(peer, *line);
    peer.receiver.pop();
  }
}

void Messenger::handle(Peer& peer, const Line& line) {
  if (line.kind == Kind::taken) {
    Operation* const send = operation(line.offer.token);
    --send->pending->count;
    release(send);
    return;
  }
  Channel& queues = channel_of(peer, line.channel);
  if (queues.posted.empty())
    return put_aside(queues, line, line.kind == Kind::offer ? nullptr : peer.receiver.data(line));
  Operation* const receive = queues.posted.pop();
  expect(*receive, line.bytes);
  if (line.kind == Kind::offer)
    start_transfer(receive, line.offer.place, line.offer.token);
  else
    deliver(receive, peer.receiver.data(line));
}

void Messenger::put_aside(Channel& queues, const Line& line, const std::byte* data) {
  Operation* const message = acquire();
  message->kind = line.kind;
  message->bytes = line.bytes;
  if (line.kind == Kind::offer) {
    message->place = line.offer.place;
    message->token = line.offer.token;
  } else {
    std::memcpy(message->aside, data, line.bytes);
  }
  queues.arrived.push(message);
}

void Messenger::deliver(Operation* receive, const std::byte* data) {
  if (receive->reduction.kernel != nullptr)
    receive->reduction.kernel(receive->into, receive->with, data, receive->bytes / receive->reduction.element);
  else if (receive->bytes > 0)
    std::memcpy(receive->into, data, receive->bytes);
  --receive->pending->count;
  release(receive);
}

void Messenger::start_transfer(Operation* receive, Place place, std::uint32_t token) {
  receive->from = segments_.at(receive->peer, place);
  receive->token = token;
  transfers_.push(receive);
}

/// Moves one piece of the transfer whose turn it is; then it is the next one's turn.
void Messenger::transfer_some() {
  Operation* const transfer = transfers_.pop();
  // In place a result's lines are in the cache already, because they are read.
  const bool streaming = transfer->bytes >= kStreamingFrom && transfer->into != transfer->with;
  const Bytes at = transfer->done;
  const Bytes piece = std::min(transfer->bytes - at, kPiece);
  const Reduction& reduction = transfer->reduction;
  if (reduction.kernel != nullptr) {
    const ReduceKernel kernel = streaming ? reduction.streaming_kernel : reduction.kernel;
    kernel(transfer->into + at, transfer->with + at, transfer->from + at, piece / reduction.element);
  } else if (streaming) {
    copy_streaming(transfer->into + at, transfer->from + at, piece);
  } else {
    std::memcpy(transfer->into + at, transfer->from + at, piece);
  }
  transfer->done += piece;
  if (transfer->done < transfer->bytes) return transfers_.push(transfer);
  // The same operation becomes the answer, and completes when that is sent: this rank may not turn to something else
  // while the peer still awaits it.
  transfer->kind = Kind::taken;
  send_or_queue(peers_[static_cast<std::size_t>(transfer->peer)], transfer);
}

void Messenger::expect(const Operation& receive, Bytes arriving) const {
  if (receive.bytes == arriving) return;
  throw TransportError(fmt::format("shm: rank {} sent {} bytes on channel {} where {} are awaited", receive.peer,
                                   arriving, receive.channel, receive.bytes));
}

}  // namespace weft::shm
