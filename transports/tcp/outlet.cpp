#include "transports/tcp/outlet.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <sys/socket.h>
#include <sys/uio.h>

namespace weft::tcp {
namespace {

constexpr int kFlags = MSG_NOSIGNAL | MSG_DONTWAIT;

/// What the kernel took; 0 where it is full.
Bytes taken(ssize_t result) {
  if (result >= 0) return static_cast<Bytes>(result);
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return 0;
  throw std::system_error(errno, std::generic_category());
}

}  // namespace

bool Outlet::push(int descriptor) {
  if (data_left_ == 0) return push_lead(descriptor, 0);
  if (zero_copy_.wants(data_left_) && owner_ != nullptr)
    return push_lead(descriptor, MSG_MORE) && push_data_in_place(descriptor);
  iovec parts[2] = {{lead_.data() + lead_begin_, lead_end_ - lead_begin_}, {const_cast<std::byte*>(data_), data_left_}};
  msghdr message = {};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  advance(taken(sendmsg(descriptor, &message, kFlags)));
  return idle();
}

bool Outlet::push_lead(int descriptor, int flags) {
  if (lead_begin_ == lead_end_) return true;
  advance(taken(send(descriptor, lead_.data() + lead_begin_, lead_end_ - lead_begin_, kFlags | flags)));
  return lead_begin_ == lead_end_;
}

bool Outlet::push_data_in_place(int descriptor) {
  const ssize_t result = send(descriptor, data_, data_left_, kFlags | MSG_ZEROCOPY);
  if (result < 0 && errno == ENOBUFS) {  // the limit of pinned or of control memory
    zero_copy_.disable();
    return false;
  }
  const Bytes sent = taken(result);
  if (sent > 0) zero_copy_.sent(owner_);
  advance(sent);
  return data_left_ == 0;
}

void Outlet::advance(Bytes sent) {
  const Bytes of_lead = std::min<Bytes>(sent, lead_end_ - lead_begin_);
  lead_begin_ += of_lead;
  if (lead_begin_ == lead_end_) lead_begin_ = lead_end_ = 0;
  data_ += sent - of_lead;
  data_left_ -= sent - of_lead;
}

Operation* Outlet::take_owner(Bytes& bytes) {
  if (owner_ == nullptr || !idle()) return nullptr;
  bytes = data_bytes_;
  return std::exchange(owner_, nullptr);
}

}  // namespace weft::tcp
