#include "worlds/env/socket.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "core/error.hpp"

namespace weft::env {
namespace {

constexpr int kBacklog = 4096;
constexpr Nanoseconds kMillisecond = 1'000'000;
constexpr const char* kHere = "127.0.0.1";

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

/// Null where the name is not known; `why` then says so.
Addresses resolve(const std::string& host, int port, int flags, std::string& why) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const char* const name = host.empty() ? nullptr : host.c_str();
  const int error = getaddrinfo(name, std::to_string(port).c_str(), &hints, &found);
  if (error != 0) why = fmt::format("{}: {}", host, gai_strerror(error));
  return Addresses(error == 0 ? found : nullptr, freeaddrinfo);
}

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> binary{};
  return inet_pton(AF_INET, host.c_str(), binary.data()) == 1 || inet_pton(AF_INET6, host.c_str(), binary.data()) == 1;
}

bool is_name(const std::string& host) { return !is_address(host) && !is_loopback(host); }

/// Whether rank 0 listens so: the place need not be known to its host, by name or by address.
bool at_every_address(const std::string& host) { return is_name(host) || is_elsewhere(host); }

/// Without a descriptor, and errno, where it cannot.
Descriptor bind_and_listen(const addrinfo& address) {
  Descriptor fd(socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  const int off = 0;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);  // a run just before may have left its last words
  if (address.ai_family == AF_INET6) setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (!fd || bind(fd.get(), address.ai_addr, address.ai_addrlen) != 0 || listen(fd.get(), kBacklog) != 0) return {};
  return fd;
}

Descriptor listen_at_any(const addrinfo* addresses) {
  for (const addrinfo* address = addresses; address != nullptr; address = address->ai_next)
    if (Descriptor fd = bind_and_listen(*address); fd) return fd;
  return {};
}

/// Waits until the descriptor is ready or the time is over.
bool ready(int fd, short events, Nanoseconds until) {
  pollfd entry{fd, events, 0};
  const Nanoseconds left = std::max<Nanoseconds>(until - monotonic_now(), 0);
  return poll(&entry, 1, static_cast<int>(std::min<Nanoseconds>(left / kMillisecond + 1, 60'000))) > 0;
}

Descriptor connect_once(const addrinfo& address, Nanoseconds until, std::string& why) {
  Descriptor fd(socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  int error = 0;
  if (!fd || connect(fd.get(), address.ai_addr, address.ai_addrlen) != 0) error = errno;
  if (error == EINPROGRESS) {
    socklen_t length = sizeof error;
    if (!ready(fd.get(), POLLOUT, until))
      error = ETIMEDOUT;
    else
      getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &length);
  }
  if (error == 0) return fd;
  why = std::strerror(error);
  return {};
}

void set_option(int fd, int level, int option, int value) { setsockopt(fd, level, option, &value, sizeof value); }

}  // namespace

bool is_elsewhere(const std::string& host) {
  if (is_name(host)) return false;
  std::string why;
  const Addresses addresses = resolve(host, 0, AI_NUMERICHOST, why);
  if (!addresses) return false;
  const Descriptor fd(socket(addresses->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return fd && bind(fd.get(), addresses->ai_addr, addresses->ai_addrlen) != 0 && errno == EADDRNOTAVAIL;
}

Descriptor listen_at(const Rendezvous& rendezvous) {
  std::string why;
  Descriptor fd;
  if (!at_every_address(rendezvous.host)) {
    fd = listen_at_any(resolve(rendezvous.host, rendezvous.port, AI_PASSIVE, why).get());
  } else {
    for (const char* any : {"::", "0.0.0.0"})
      if (!fd) fd = listen_at_any(resolve(any, rendezvous.port, AI_PASSIVE | AI_NUMERICHOST, why).get());
  }
  if (fd) return fd;
  throw UsageError(fmt::format("rank 0 cannot listen at {}: {}; give another port by MASTER_PORT or --rendezvous",
                               rendezvous.place(), std::strerror(errno)));
}

Descriptor connect_to(const Rendezvous& rendezvous, Nanoseconds until, std::string& why) {
  const bool here = rendezvous.rank == 0 && at_every_address(rendezvous.host);
  const std::string host = here ? std::string(kHere) : rendezvous.host;
  const Addresses addresses = resolve(host, rendezvous.port, 0, why);
  for (const addrinfo* address = addresses.get(); address != nullptr; address = address->ai_next)
    if (Descriptor fd = connect_once(*address, until, why); fd) return fd;
  return {};
}

void watch_connection(int fd, Nanoseconds timeout) {
  const auto seconds = static_cast<int>(timeout / 1'000'000'000);
  const int idle = std::max(seconds / 4, 1);
  const int between = std::max(seconds / 8, 1);
  constexpr int kProbes = 3;
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, idle);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, between);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, kProbes);
  set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, (idle + kProbes * between) * 1000);
}

bool send_all(int fd, const void* data, std::size_t bytes, Nanoseconds until) {
  const auto* from = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t sent = send(fd, from, bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) return false;
    if (sent < 0 && (monotonic_now() > until || !ready(fd, POLLOUT, until))) return false;
    if (sent < 0) continue;
    from += sent;
    bytes -= static_cast<std::size_t>(sent);
  }
  return true;
}

bool receive_all(int fd, void* data, std::size_t bytes, Nanoseconds until) {
  auto* into = static_cast<char*>(data);
  while (bytes > 0) {
    const ssize_t got = recv(fd, into, bytes, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) return false;
    if (got < 0 && (monotonic_now() > until || !ready(fd, POLLIN, until))) return false;
    if (got < 0) continue;
    into += got;
    bytes -= static_cast<std::size_t>(got);
  }
  return true;
}

}  // namespace weft::env
