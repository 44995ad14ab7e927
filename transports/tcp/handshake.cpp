#include "transports/tcp/handshake.hpp"

#include <cerrno>
#include <charconv>
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <sys/random.h>

#include "core/error.hpp"

namespace weft::tcp {
namespace {

constexpr Nanoseconds kRest = 50'000'000;  // between two attempts to connect
constexpr int kGuestsPerLook = 256;

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

Descriptor new_socket(int family) { return Descriptor(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)); }

}  // namespace

Token random_token() {
  Token token;
  std::size_t drawn = 0;
  while (drawn < token.size()) {
    const ssize_t more = getrandom(token.data() + drawn, token.size() - drawn, 0);
    if (more > 0) drawn += static_cast<std::size_t>(more);
  }
  return token;
}

std::string text_of(const Token& token) { return fmt::format("{:02x}", fmt::join(token, "")); }

Token token_of(std::string_view text) {
  Token token = {};
  for (std::size_t i = 0; i < token.size() && 2 * i + 2 <= text.size(); ++i)
    std::from_chars(text.data() + 2 * i, text.data() + 2 * i + 2, token[i], 16);
  return token;
}

Door::Door(Address address) : listener_(new_socket(address.family())), address_(address) {
  address_.set_port(0);
  address_.length = address.length;
  const auto fail = [&](const char* what) {
    throw TransportError(fmt::format("tcp: {} at {}: {}", what, address.text(), std::strerror(errno)));
  };
  if (!listener_) fail("no socket");
  if (bind(listener_.get(), address_.get(), address_.length) != 0) fail("cannot bind");
  if (listen(listener_.get(), SOMAXCONN) != 0) fail("cannot listen");
  if (getsockname(listener_.get(), address_.get(), &address_.length) != 0) fail("no name");
}

void Door::admit(const std::function<void(const Hello&, Descriptor)>& accept) {
  const Nanoseconds now = monotonic_now();
  for (int i = 0; i < kGuestsPerLook; ++i) {
    Descriptor socket(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket) break;
    Guest guest{.socket = std::move(socket), .until = now + kPatience, .said = {}};
    if (!listen_to(guest, accept)) continue;  // a rank has said all by now
    if (guests_.size() == kMostHalfOpen) guests_.pop_front();
    guests_.push_back(std::move(guest));
  }
  guests_.remove_if([&](Guest& guest) { return !listen_to(guest, accept) || now > guest.until; });
}

bool Door::listen_to(Guest& guest, const std::function<void(const Hello&, Descriptor)>& accept) {
  const ssize_t got = recv(guest.socket.get(), guest.said.data() + guest.heard, guest.said.size() - guest.heard, 0);
  if (got < 0) return would_block(errno);
  if (got == 0) return false;
  guest.heard += static_cast<std::size_t>(got);
  Hello hello;
  const bool greets = std::memcmp(guest.said.data(), &hello, std::min(guest.heard, hello.magic.size())) == 0;
  if (!greets || guest.heard < guest.said.size()) return greets;
  std::memcpy(&hello, guest.said.data(), sizeof hello);
  if (hello.order == Hello{}.order) accept(hello, std::move(guest.socket));
  return false;
}

bool Caller::advance() {
  if (state_ == State::resting) return monotonic_now() >= until_ && begin();
  // What has come counts, however late this rank looks.
  const bool late = monotonic_now() > until_;
  if (state_ == State::connecting) finish_connecting();
  if (state_ == State::awaiting_answer) hear_answer();
  if (late && (state_ == State::connecting || state_ == State::awaiting_answer)) rest(ETIMEDOUT);
  return state_ == State::done;
}

bool Caller::begin() {
  socket_ = new_socket(to_.family());
  if (!socket_) return rest(errno);
  state_ = State::connecting;
  until_ = monotonic_now() + Door::kPatience;
  if (connect(socket_.get(), to_.get(), to_.length) != 0 && errno != EINPROGRESS) return rest(errno);
  return finish_connecting();
}

bool Caller::finish_connecting() {
  pollfd look = {.fd = socket_.get(), .events = POLLOUT, .revents = 0};
  if (poll(&look, 1, 0) <= 0) return false;
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0) return rest(error);
  // The buffer of a fresh socket holds more than this.
  if (send(socket_.get(), &hello_, sizeof hello_, MSG_NOSIGNAL) != sizeof hello_) return rest(errno);
  state_ = State::awaiting_answer;
  heard_ = 0;
  return hear_answer();
}

bool Caller::hear_answer() {
  const ssize_t got = recv(socket_.get(), said_.data() + heard_, said_.size() - heard_, 0);
  if (got < 0 && would_block(errno)) return false;
  if (got <= 0) return rest(got == 0 ? ECONNRESET : errno);
  heard_ += static_cast<std::size_t>(got);
  if (heard_ < said_.size()) return false;
  if (said_ != answer_) return rest(EPROTO);
  state_ = State::done;
  return true;
}

bool Caller::rest(int error) {
  error_ = error;
  socket_ = Descriptor();
  state_ = State::resting;
  until_ = monotonic_now() + kRest;
  return false;
}

}  // namespace weft::tcp
