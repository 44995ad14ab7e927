#include <system_error>

#include <fmt/format.h>

#include "core/error.hpp"
#include "transports/tcp/messenger.hpp"
#include "worlds/together.hpp"

namespace weft::tcp {

void Messenger::post_send(int peer_rank, int channel, const std::byte* data, Bytes bytes, Pending& pending) {
  Peer& peer = peers_[static_cast<std::size_t>(peer_rank)];
  const bool to_oneself = peer.connections.empty();
  if (!to_oneself && bytes <= Outlet::kSmall && peer.heads.empty()) {
    Outlet& outlet = peer.connections.front()->outlet;
    if (outlet.has_room(bytes)) {
      add_readies(peer, outlet);
      if (outlet.has_room(bytes)) {  // copied, so it is complete
        outlet.add({Frame::message, 0, static_cast<std::uint16_t>(channel), 0, bytes}, data, bytes);
        return drive(peer, 0);
      }
    }
  }
  Operation* const send = pool_.acquire(peer_rank, channel, bytes);
  send->from = data;
  send->pending = &pending;
  ++pending.count;
  if (to_oneself) return send_to_oneself(peer, send);
  if (has_body(bytes)) queue_body(peer, send);
  peer.heads.push(send);
  drive(peer, 0);
}

void Messenger::send_to_oneself(Peer& self, Operation* send) {
  Channel& queues = channel_of(self, send->channel);
  if (queues.posted.empty()) return queues.arrived.push(send);
  Operation* const receive = queues.posted.pop();
  expect(*receive, send->bytes);
  land(receive, send->from, send->bytes);
  sent(send, send->bytes);
}

/// The peer may have said already that it is ready.
void Messenger::queue_body(Peer& peer, Operation* send) {
  Channel& queues = channel_of(peer, send->channel);
  send->offset = kHead;
  if (queues.early.empty()) {
    if (peer.awaits++ == 0) ++awaited_peers_;
    return queues.waiting.push(send);
  }
  Operation* const early = queues.early.pop();
  expect(*send, early->bytes);
  send->token = early->token;
  pool_.release(early);
  peer.bodies.push(send);
}

/// Sends while the kernel takes it, but one long frame at most: then it is time to look at what arrives.
void Messenger::drive(Peer& peer, std::size_t stream) {
  Connection& connection = *peer.connections[stream];
  Outlet& outlet = connection.outlet;
  try {
    if (outlet.zero_copy().awaits())
      outlet.zero_copy().collect(connection.socket.get(), [this](Operation* send) { sent(send, 0); });
    while (!outlet.idle() || next_frame(peer, stream)) {
      if (!outlet.push(connection.socket.get())) return;
      Bytes bytes = 0;
      Operation* const send = outlet.take_owner(bytes);
      if (send == nullptr) continue;
      sent(send, bytes);
      if (bytes > Outlet::kSmall) return;
    }
  } catch (const std::system_error& error) {
    lose(peer, fmt::format("is lost: {}", error.code().message()));
  }
}

void Messenger::add_readies(Peer& peer, Outlet& outlet) {
  std::size_t added = 0;
  while (added < peer.readies.size() && outlet.has_room(0)) outlet.add(peer.readies[added++], nullptr, 0);
  if (added > 0) peer.readies.erase(peer.readies.begin(), peer.readies.begin() + static_cast<std::ptrdiff_t>(added));
}

/// Puts the next frame into the connection's outlet, which is idle; false where there is none.
bool Messenger::next_frame(Peer& peer, std::size_t stream) {
  Outlet& outlet = peer.connections[stream]->outlet;
  if (stream == 0) {
    if (!peer.readies.empty()) add_readies(peer, outlet);
    if (!peer.heads.empty() && outlet.has_room(0)) {
      Operation* const send = peer.heads.pop();
      outlet.begin({Frame::message, 0, send->channel, 0, send->bytes}, send->from, head_of(send->bytes), send);
    }
    if (!outlet.idle()) return true;
  }
  if (peer.bodies.empty()) return false;
  Operation* const send = peer.bodies.pop();
  const Bytes piece = piece_at(send->bytes, send->offset);
  outlet.begin({Frame::piece, 0, 0, send->token, send->offset}, send->from + send->offset, piece, send);
  send->offset += piece;
  if (send->offset < send->bytes) peer.bodies.push(send);  // then it is the next one's turn
  return true;
}

/// So many bytes more of the payload are with the kernel.
void Messenger::sent(Operation* send, Bytes bytes) {
  send->left -= bytes;
  if (send->left > 0 || send->unconfirmed > 0) return;
  --send->pending->count;
  pool_.release(send);
}

void Messenger::lose(const Peer& peer, const std::string& why) {
  hear_of_losses(world_);
  throw RankLost(peer.rank, fmt::format("rank {} on {} {}", peer.rank, peer.host, why));
}

}  // namespace weft::tcp
