#include "transports/tcp/inlet.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include <sys/socket.h>
#include <sys/uio.h>

namespace weft::tcp {
namespace {

constexpr std::size_t kBuffer = 128 << 10;  // what is reduced at a time: half of a small L2 cache
// What may be copied once more, as its place is not known yet: a head with its header and a few readies, or each
// message of 64 KiB would take two calls.
constexpr std::size_t kLook = kHead + 4096;

}  // namespace

Inlet::Inlet() : buffer_(std::make_unique_for_overwrite<std::byte[]>(kBuffer)) {}

Inlet::Got Inlet::read(int descriptor) {
  const bool reduces = open() && landing_.reduction.kernel != nullptr;
  ssize_t got = 0;
  if (open() && !reduces && buffered() == 0) {
    iovec parts[2] = {{landing_.into, landing_.bytes}, {buffer_.get(), kLook}};
    got = readv(descriptor, parts, 2);
  } else {
    const std::size_t most = reduces ? kBuffer : kLook;
    got = recv(descriptor, buffer_.get() + end_, most - end_, MSG_DONTWAIT);
  }
  if (got == 0) return Got::end;
  if (got < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return Got::nothing;
    throw std::system_error(errno, std::generic_category());
  }
  auto left = static_cast<Bytes>(got);
  if (open() && !reduces && buffered() == 0) {
    const Bytes placed = std::min(left, landing_.bytes);
    advance(placed);
    left -= placed;
  }
  end_ += left;
  return Got::something;
}

bool Inlet::next(Header& header) {
  if (buffered() < sizeof header) {
    keep_rest_in_front();
    return false;
  }
  std::memcpy(&header, buffer_.get() + begin_, sizeof header);
  begin_ += sizeof header;
  return true;
}

bool Inlet::fill() {
  const std::byte* const arrived = buffer_.get() + begin_;
  Bytes usable = std::min<Bytes>(landing_.bytes, buffered());
  if (landing_.reduction.kernel != nullptr) {
    usable -= usable % landing_.reduction.element;
    landing_.reduction.kernel(landing_.into, landing_.with, arrived, usable / landing_.reduction.element);
    landing_.with += usable;
  } else if (usable > 0) {
    std::memcpy(landing_.into, arrived, usable);
  }
  begin_ += usable;
  advance(usable);
  if (landing_.bytes == 0) return true;
  keep_rest_in_front();
  return false;
}

void Inlet::advance(Bytes bytes) {
  landing_.into += bytes;
  landing_.bytes -= bytes;
}

/// A part of a header or of an element: the next read adds to it.
void Inlet::keep_rest_in_front() {
  std::memmove(buffer_.get(), buffer_.get() + begin_, buffered());
  end_ = buffered();
  begin_ = 0;
}

}  // namespace weft::tcp
