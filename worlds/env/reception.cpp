#include "worlds/env/reception.hpp"

#include <algorithm>
#include <cerrno>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "worlds/env/socket.hpp"

namespace weft::env {
namespace {

constexpr int kAcceptAtOnce = 64;

void watch_for_input(int epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

/// A few bytes always fit into the buffer of a new connection; else it is none worth having.
template <typename Message>
bool tell(int fd, const Message& message) {
  return send(fd, &message, sizeof message, MSG_DONTWAIT | MSG_NOSIGNAL) == static_cast<ssize_t>(sizeof message);
}

}  // namespace

Reception::Reception(Descriptor listener, const Secret& secret, int epoll, Admit admit)
    : listener_(std::move(listener)), secret_(secret), epoll_(epoll), admit_(std::move(admit)) {
  watch_for_input(epoll_, listener_.get());
}

std::optional<Reception::Guest> Reception::serve(int fd, Nanoseconds now) {
  if (fd == listener_.get()) {
    accept_some(now);
    return std::nullopt;
  }
  Visitor& visitor = visitors_.at(fd);
  char* const into = reinterpret_cast<char*>(&visitor.introduction) + visitor.received;
  const ssize_t got = recv(fd, into, sizeof(Introduction) - visitor.received, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
  std::optional<Guest> guest;
  if (got > 0) {
    visitor.received += static_cast<std::size_t>(got);
    if (visitor.received < sizeof(Introduction)) return std::nullopt;
    guest = answer(visitor);
  }
  if (!guest) ++turned_away_;
  visitors_.erase(fd);
  return guest;
}

std::optional<Reception::Guest> Reception::answer(Visitor& visitor) {
  Introduction& introduction = visitor.introduction;
  Answer answer{.admission = Admission::wrong_secret, .proof = {}};
  if (secret_.proves(visitor.greeting, introduction)) {
    introduction.host.back() = '\0';
    answer.admission = admit_(introduction);
    secret_.sign(visitor.greeting, introduction, answer);
  }
  if (!tell(visitor.fd.get(), answer) || answer.admission != Admission::welcome) return std::nullopt;
  epoll_ctl(epoll_, EPOLL_CTL_DEL, visitor.fd.get(), nullptr);
  return Guest{std::move(visitor.fd), introduction};
}

void Reception::accept_some(Nanoseconds now) {
  for (int turn = 0; turn < kAcceptAtOnce; ++turn) {
    Descriptor fd(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd && errno == EMFILE && !visitors_.empty()) {
      turn_away_oldest();
      continue;
    }
    if (!fd) return;
    greet(std::move(fd), now);
  }
}

void Reception::greet(Descriptor fd, Nanoseconds now) {
  if (visitors_.size() >= kHalfOpen) turn_away_oldest();
  const Greeting greeting = make_greeting();
  if (!tell(fd.get(), greeting)) return;
  const int key = fd.get();
  watch_for_input(epoll_, key);
  visitors_.emplace(key, Visitor{std::move(fd), greeting, {}, 0, now});
}

void Reception::turn_away_oldest() {
  const auto oldest = std::min_element(visitors_.begin(), visitors_.end(),
                                       [](const auto& a, const auto& b) { return a.second.since < b.second.since; });
  visitors_.erase(oldest);
  ++turned_away_;
}

void Reception::expire(Nanoseconds now) {
  turned_away_ += std::erase_if(visitors_, [now](const auto& entry) { return now > entry.second.since + kPatience; });
}

void Reception::close() {
  visitors_.clear();
  listener_.close();
}

}  // namespace weft::env
