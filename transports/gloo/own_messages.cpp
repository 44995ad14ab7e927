#include "transports/gloo/own_messages.hpp"

#include <cstring>

namespace weft::gloo {

void OwnMessages::post_send(const std::byte* data, Bytes bytes, Pending& pending) {
  sends_.push_back({data, bytes, &pending});
  ++pending.count;
  match();
}

void OwnMessages::post_recv(std::byte* into, Pending& pending) {
  receives_.push_back({into, &pending});
  ++pending.count;
  match();
}

void OwnMessages::match() {
  if (sends_.empty() || receives_.empty()) return;
  const Send send = sends_.front();
  const Receive receive = receives_.front();
  sends_.erase(sends_.begin());
  receives_.erase(receives_.begin());
  if (send.bytes > 0) std::memcpy(receive.into, send.data, send.bytes);
  --send.pending->count;
  --receive.pending->count;
}

}  // namespace weft::gloo
