#include "transports/tcp/mesh.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "core/error.hpp"
#include "core/system.hpp"
#include "core/text.hpp"
#include "transports/tcp/handshake.hpp"
#include "worlds/backoff.hpp"

namespace weft::tcp {
namespace {

constexpr char kProblem = '!';  // begins the blob of a rank that cannot listen

/// Where a rank listens and the token that it wants to hear.
struct Entrance {
  Address address;
  Token token;
};

Entrance entrance_of(int rank, const std::string& blob) {
  if (blob.starts_with(kProblem)) throw TransportError(fmt::format("rank {}: {}", rank, blob.substr(1)));
  const std::vector<std::string> words = split(blob, ' ');
  std::uint16_t port = 0;
  std::from_chars(words[1].data(), words[1].data() + words[1].size(), port);
  Entrance entrance{.address = *parse_address(words[0]), .token = token_of(words[2])};
  entrance.address.set_port(port);
  return entrance;
}

void set_option(const Descriptor& socket, int level, int option, int value) {
  setsockopt(socket.get(), level, option, &value, sizeof value);  // where the kernel has it not, it is the same without
}

bool is_loopback(const Descriptor& socket) {
  Address peer;
  peer.length = sizeof peer.storage;
  return getpeername(socket.get(), peer.get(), &peer.length) == 0 && peer.is_loopback();
}

/// No TCP_USER_TIMEOUT: it also ends connections whose peer is alive and reads later. A sender finds a cut link by
/// looking (Vigil), a receiver by the probes set here.
void prepare(const Descriptor& socket) {
  // There is no link whose capacity would have to be found: BBR paces, which takes a third more time for 16 MiB.
  constexpr std::string_view kEveryKernelHas = "reno";
  if (is_loopback(socket))
    setsockopt(socket.get(), IPPROTO_TCP, TCP_CONGESTION, kEveryKernelHas.data(), kEveryKernelHas.size());
  set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, 5);
  set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, 3);
  set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

class Connecting {
 public:
  Connecting(World& world, int streams, Door& door, const Token& token, const std::vector<Entrance>& entrances,
             Mesh& mesh)
      : world_(world),
        streams_(static_cast<std::size_t>(streams)),
        door_(door),
        token_(token),
        entrances_(entrances),
        mesh_(mesh) {
    mesh_.sockets.resize(entrances.size());
    for (int peer = 0; peer < world.ranks(); ++peer) {
      if (peer == world.rank()) continue;
      mesh_.sockets[static_cast<std::size_t>(peer)].resize(streams_);
      missing_ += streams_;
      if (peer > world.rank()) call(peer);
    }
  }

  /// Empty, or why not all are connected within the limit.
  std::string run(Nanoseconds limit) {
    const Nanoseconds until = monotonic_now() + limit;
    Backoff backoff;
    while (missing_ > 0) {
      door_.admit([this](const Hello& hello, Descriptor socket) { accept(hello, std::move(socket)); });
      for (Call& each : calls_)
        if (!each.answered && each.caller.advance()) {
          each.answered = true;
          keep(each.peer, each.stream, each.caller.take());
        }
      world_.check();
      if (missing_ > 0 && monotonic_now() > until) return complaint();
      backoff.pause();
    }
    return {};
  }

 private:
  struct Call {
    std::size_t peer;
    std::size_t stream;
    Caller caller;
    bool answered = false;
  };

  void call(int peer) {
    const Entrance& entrance = entrances_[static_cast<std::size_t>(peer)];
    for (std::size_t stream = 0; stream < streams_; ++stream) {
      Hello hello;
      hello.rank = static_cast<std::uint32_t>(world_.rank());
      hello.stream = static_cast<std::uint32_t>(stream);
      hello.token = entrance.token;
      calls_.push_back({static_cast<std::size_t>(peer), stream, Caller(entrance.address, hello, token_)});
    }
  }

  /// A rank may come again, where it did not hear the answer in time.
  void accept(const Hello& hello, Descriptor socket) {
    if (hello.token != token_ || hello.rank >= static_cast<std::uint32_t>(world_.rank()) || hello.stream >= streams_)
      return;
    const Token& answer = entrances_[hello.rank].token;
    if (send(socket.get(), answer.data(), answer.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(answer.size()))
      keep(hello.rank, hello.stream, std::move(socket));
  }

  void keep(std::size_t peer, std::size_t stream, Descriptor socket) {
    prepare(socket);
    Descriptor& place = mesh_.sockets[peer][stream];
    if (!place) --missing_;
    place = std::move(socket);
  }

  std::string complaint() const {
    for (const Call& each : calls_)
      if (!each.answered)
        return fmt::format("tcp: no connection to rank {} on {} at {}: {}", each.peer, mesh_.hosts[each.peer],
                           entrances_[each.peer].address.text(), std::strerror(each.caller.last_error()));
    for (std::size_t peer = 0; peer < mesh_.sockets.size(); ++peer)
      for (const Descriptor& socket : mesh_.sockets[peer])
        if (!socket) return fmt::format("tcp: rank {} on {} has not connected", peer, mesh_.hosts[peer]);
    return {};
  }

  World& world_;
  std::size_t streams_;
  Door& door_;
  const Token& token_;
  const std::vector<Entrance>& entrances_;
  Mesh& mesh_;
  std::vector<Call> calls_;
  std::size_t missing_ = 0;
};

}  // namespace

Mesh connect_all(World& world, const TcpOptions& options, Nanoseconds limit) {
  const AddressChoice choice(world, "tcp", options.interface);
  const Token token = random_token();
  std::optional<Door> door;
  std::string mine;
  try {
    door.emplace(choice.address());
    mine = fmt::format("{} {} {}", door->address().text(), door->address().port(), text_of(token));
  } catch (const TransportError& error) {
    mine = kProblem + std::string(error.what());
  }
  std::vector<Entrance> entrances;
  for (const std::string& blob : world.allgather(mine))
    entrances.push_back(entrance_of(static_cast<int>(entrances.size()), blob));
  Mesh mesh;
  for (int rank = 0; rank < world.ranks(); ++rank) mesh.hosts.push_back(choice.host(rank));
  const std::string problem = Connecting(world, options.streams, *door, token, entrances, mesh).run(limit);
  for (const std::string& each : world.allgather(problem))
    if (!each.empty()) throw TransportError(each);
  return mesh;
}

}  // namespace weft::tcp
