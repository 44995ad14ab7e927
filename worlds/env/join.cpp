#include "worlds/env/join.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <time.h>

#include "core/error.hpp"
#include "core/system.hpp"
#include "worlds/env/socket.hpp"

namespace weft::env {
namespace {

constexpr Nanoseconds kOneTry = 5'000'000'000;
constexpr Nanoseconds kFirstPause = 20'000'000;
constexpr Nanoseconds kLongestPause = 500'000'000;

/// True where this process is admitted; false where another try is worth while, and `why` says what came between.
bool shake_hands(int fd, const Rendezvous& rendezvous, const Secret& secret, Role role, Nanoseconds until,
                 std::string& why) {
  Greeting greeting{};
  if (!receive_all(fd, &greeting, sizeof greeting, until)) {
    why = "the connection was closed before a word was said";
    return false;
  }
  if (greeting.magic != kMagic) {
    why = "who listens there is not weft's rank 0";
    return false;
  }
  Introduction introduction = introduce(role, rendezvous.rank, rendezvous.ranks);
  secret.sign(greeting, introduction);
  Answer answer{};
  if (!send_all(fd, &introduction, sizeof introduction, until) || !receive_all(fd, &answer, sizeof answer, until)) {
    why = "rank 0 did not answer";
    return false;
  }
  if (answer.admission == Admission::wrong_secret || !secret.proves(greeting, introduction, answer))
    throw UsageError(
        fmt::format("rank {} on {} and rank 0 at {} have different secrets: WEFT_SECRET, or the file of --secret-file "
                    "or WEFT_SECRET_FILE, must be the same for all",
                    rendezvous.rank, host_name(), rendezvous.place()));
  if (answer.admission == Admission::taken)
    throw UsageError(fmt::format("RANK={} came to {} twice, the second time from {}: each process needs its own",
                                 rendezvous.rank, rendezvous.place(), host_name()));
  if (answer.admission == Admission::other_size)
    throw UsageError(fmt::format("WORLD_SIZE={} of rank {} on {} is another one than that of rank 0", rendezvous.ranks,
                                 rendezvous.rank, host_name()));
  return true;
}

}  // namespace

Descriptor join(const Rendezvous& rendezvous, const Secret& secret, Role role, Nanoseconds timeout) {
  const Nanoseconds end = monotonic_now() + timeout;
  std::string why;
  for (Nanoseconds pause = kFirstPause; monotonic_now() < end; pause = std::min(2 * pause, kLongestPause)) {
    const Nanoseconds until = std::min(end, monotonic_now() + kOneTry);
    Descriptor fd = connect_to(rendezvous, until, why);
    if (fd && shake_hands(fd.get(), rendezvous, secret, role, until, why)) {
      watch_connection(fd.get(), timeout);
      return fd;
    }
    const timespec nap{0, static_cast<long>(pause)};
    nanosleep(&nap, nullptr);
  }
  throw TransportError(fmt::format("rank {} on {} did not reach rank 0 at {} within {:.3g} s (--timeout): {}",
                                   rendezvous.rank, host_name(), rendezvous.place(), static_cast<double>(timeout) / 1e9,
                                   why));
}

}  // namespace weft::env
