#include "transports/tcp/messenger.hpp"

#include <cerrno>
#include <cstring>
#include <system_error>

#include <fmt/format.h>

#include "core/error.hpp"

namespace weft::tcp {
namespace {

constexpr int kMostPolledConnections = 8;
constexpr std::size_t kEvents = 64;
constexpr Bytes kStreamingFrom = 1 << 20;  // results that fill a core's own cache go past it

}  // namespace

Messenger::Messenger(World& world, Mesh mesh)
    : world_(world), peers_(mesh.sockets.size()), events_(epoll_create1(EPOLL_CLOEXEC)), found_(kEvents) {
  if (!events_) throw TransportError(fmt::format("tcp: no epoll: {}", std::strerror(errno)));
  std::size_t streams = 1;
  for (std::size_t rank = 0; rank < peers_.size(); ++rank) {
    Peer& peer = peers_[rank];
    peer.rank = static_cast<int>(rank);
    peer.host = mesh.hosts[rank];
    peer.readies.reserve(1024);
    peer.channels.resize(16);
    for (Descriptor& socket : mesh.sockets[rank]) {
      auto& connection = *peer.connections.emplace_back(std::make_unique<Connection>());
      connection.socket = std::move(socket);
      connection.outlet.zero_copy().enable(connection.socket.get());
      epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data = {.ptr = &connection}};
      if (epoll_ctl(events_.get(), EPOLL_CTL_ADD, connection.socket.get(), &event) != 0)
        throw TransportError(fmt::format("tcp: epoll takes no more connections: {}", std::strerror(errno)));
    }
    streams = std::max(streams, peer.connections.size());
  }
  most_polled_peers_ = std::max(1, kMostPolledConnections / static_cast<int>(streams));
}

Messenger::~Messenger() = default;

Messenger::Channel& Messenger::channel_of(Peer& peer, std::size_t channel) {
  if (channel >= peer.channels.size()) peer.channels.resize(channel + 1);
  return peer.channels[channel];
}

void Messenger::expect(const Operation& operation, Bytes arriving) const {
  if (operation.bytes == arriving) return;
  throw TransportError(fmt::format("tcp: rank {} has {} bytes on channel {} where {} are awaited", operation.peer,
                                   arriving, operation.channel, operation.bytes));
}

void Messenger::post_recv(int peer_rank, int channel, std::byte* into, const std::byte* with, Bytes bytes,
                          const Reduction& reduction, Pending& pending) {
  Peer& peer = peers_[static_cast<std::size_t>(peer_rank)];
  Operation* const receive = pool_.acquire(peer_rank, channel, bytes);
  receive->receives = true;
  receive->into = into;
  receive->with = with;
  receive->reduction = reduction;
  // In place a result's lines are in the cache already, because they are read.
  if (bytes >= kStreamingFrom && into != with) receive->reduction.kernel = reduction.streaming_kernel;
  receive->pending = &pending;
  ++pending.count;
  if (peer.awaits++ == 0) ++awaited_peers_;
  Channel& queues = channel_of(peer, static_cast<std::size_t>(channel));
  const bool to_oneself = peer.connections.empty();
  if (has_body(bytes) && !to_oneself) peer.readies.push_back({Frame::ready, 0, receive->channel, receive->self, bytes});
  if (queues.arrived.empty()) return queues.posted.push(receive);
  Operation* const message = queues.arrived.pop();
  expect(*receive, message->bytes);
  if (to_oneself) {
    land(receive, message->from, bytes);
    return sent(message, bytes);
  }
  message->claimed = receive;
  if (message->left == 0) take_aside(message, receive);
}

/// A message that came early lands as if it came now.
void Messenger::take_aside(Operation* message, Operation* receive) {
  land(receive, message->aside, head_of(message->bytes));
  pool_.release_aside(message);
}

void Messenger::land(Operation* receive, const std::byte* data, Bytes bytes) {
  if (receive->reduction.kernel != nullptr)
    receive->reduction.kernel(receive->into, receive->with, data, bytes / receive->reduction.element);
  else if (bytes > 0)
    std::memcpy(receive->into, data, bytes);
  arrived(receive, bytes);
}

/// So many bytes more of a receive, or of the head of a message that came early, are in their place.
void Messenger::arrived(Operation* operation, Bytes bytes) {
  operation->left -= bytes;
  if (operation->left > 0) return;
  if (operation->receives) return finish(operation);
  if (operation->claimed != nullptr) take_aside(operation, operation->claimed);
}

void Messenger::finish(Operation* receive) {
  Peer& peer = peers_[static_cast<std::size_t>(receive->peer)];
  if (--peer.awaits == 0) --awaited_peers_;
  --receive->pending->count;
  pool_.release(receive);
}

void Messenger::progress() {
  const bool asks = awaited_peers_ > most_polled_peers_;
  if (asks) fetch_events();
  for (Peer& peer : peers_) {
    for (std::size_t stream = 0; stream < peer.connections.size(); ++stream) drive(peer, stream);
    if (peer.awaits == 0) continue;
    for (const auto& connection : peer.connections)
      if (!asks || connection->readable) connection->readable = receive(peer, *connection);
  }
}

/// False where nothing more is there.
bool Messenger::receive(Peer& peer, Connection& connection) {
  Inlet& inlet = connection.inlet;
  try {
    const Inlet::Got got = inlet.read(connection.socket.get());
    if (got == Inlet::Got::nothing) return false;
    if (got == Inlet::Got::end) lose(peer, "closed its connection");
  } catch (const std::system_error& error) {
    lose(peer, fmt::format("is lost: {}", error.code().message()));
  }
  for (;;) {
    if (inlet.open()) {
      if (!inlet.fill()) return true;
      const Bytes bytes = inlet.length();
      arrived(inlet.finish(), bytes);
    } else {
      Header header;
      if (!inlet.next(header)) return true;
      handle(peer, inlet, header);
    }
  }
}

void Messenger::handle(Peer& peer, Inlet& inlet, const Header& header) {
  switch (header.frame) {
    case Frame::message:
      return handle_message(peer, inlet, header);
    case Frame::piece:
      return handle_piece(peer, inlet, header);
    case Frame::ready:
      return handle_ready(peer, header);
  }
  throw TransportError(fmt::format("tcp: rank {} on {} sent what is no frame", peer.rank, peer.host));
}

void Messenger::handle_message(Peer& peer, Inlet& inlet, const Header& header) {
  Channel& queues = channel_of(peer, header.channel);
  const Bytes head = head_of(header.value);
  if (queues.posted.empty()) {
    Operation* const message = pool_.acquire_aside(peer.rank, header.channel, header.value);
    queues.arrived.push(message);
    if (head > 0) inlet.begin({message->aside, nullptr, Reduction{}, head, message});
    return;
  }
  Operation* const receive = queues.posted.pop();
  expect(*receive, header.value);
  if (head == 0) return arrived(receive, 0);
  inlet.begin({receive->into, receive->with, receive->reduction, head, receive});
}

void Messenger::handle_piece(Peer& peer, Inlet& inlet, const Header& header) {
  Operation* const receive = pool_.find(header.token);
  if (receive == nullptr || !receive->receives || receive->peer != peer.rank || header.value >= receive->bytes)
    throw TransportError(fmt::format("tcp: rank {} on {} sent a piece that nobody awaits", peer.rank, peer.host));
  const std::byte* const with = receive->reduction.kernel != nullptr ? receive->with + header.value : nullptr;
  inlet.begin(
      {receive->into + header.value, with, receive->reduction, piece_at(receive->bytes, header.value), receive});
}

void Messenger::handle_ready(Peer& peer, const Header& header) {
  Channel& queues = channel_of(peer, header.channel);
  if (queues.waiting.empty()) {
    Operation* const early = pool_.acquire(peer.rank, header.channel, header.value);
    early->token = header.token;
    return queues.early.push(early);
  }
  Operation* const send = queues.waiting.pop();
  expect(*send, header.value);
  if (--peer.awaits == 0) --awaited_peers_;
  send->token = header.token;
  peer.bodies.push(send);
}

void Messenger::fetch_events() {
  const int count = epoll_wait(events_.get(), found_.data(), static_cast<int>(found_.size()), 0);
  for (int i = 0; i < count; ++i)
    static_cast<Connection*>(found_[static_cast<std::size_t>(i)].data.ptr)->readable = true;
}

void Messenger::keep_vigil() {
  if (!vigil_.due()) return;
  for (const Peer& peer : peers_)
    for (const auto& connection : peer.connections)
      if (link_is_silent(connection->socket.get()))
        lose(peer, fmt::format("has not answered for {} s", kSilence / 1'000'000'000));
}

}  // namespace weft::tcp
