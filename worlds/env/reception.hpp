#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <unordered_map>

#include "core/descriptor.hpp"
#include "core/units.hpp"
#include "worlds/env/handshake.hpp"

namespace weft::env {

/// The hub's door: whoever connects gets a greeting and must prove within kPatience that it knows the secret. At most
/// kHalfOpen are at the door, each with kilobytes of memory; one more sends the one away that has been there longest,
/// who may come again. So strangers, however many and however slow, cost neither memory nor more than a moment.
class Reception {
 public:
  static constexpr std::size_t kHalfOpen = 256;
  static constexpr Nanoseconds kPatience = 5'000'000'000;

  struct Guest {
    Descriptor fd;
    Introduction introduction;
  };
  /// Of one that has proved to know the secret.
  using Admit = std::function<Admission(const Introduction&)>;

  /// Watches the listening socket and those at the door by `epoll`, whose events carry the descriptor.
  Reception(Descriptor listener, const Secret& secret, int epoll, Admit admit);

  bool owns(int fd) const { return fd == listener_.get() || visitors_.contains(fd); }
  /// One of its descriptors can be read. Gives whom it admits; `now` is monotonic.
  std::optional<Guest> serve(int fd, Nanoseconds now);
  /// Sends away who has been at the door too long.
  void expire(Nanoseconds now);
  /// Nobody is expected any more.
  void close();

  std::size_t turned_away() const { return turned_away_; }

 private:
  struct Visitor {
    Descriptor fd;
    Greeting greeting;
    Introduction introduction;
    std::size_t received;
    Nanoseconds since;
  };

  void accept_some(Nanoseconds now);
  void greet(Descriptor fd, Nanoseconds now);
  void turn_away_oldest();
  std::optional<Guest> answer(Visitor& visitor);

  Descriptor listener_;
  const Secret& secret_;
  int epoll_;
  Admit admit_;
  std::unordered_map<int, Visitor> visitors_;
  std::size_t turned_away_ = 0;
};

}  // namespace weft::env
