#pragma once

#include <memory>
#include <string>
#include <vector>

#include <sys/epoll.h>

#include "transports/communicator.hpp"
#include "transports/tcp/inlet.hpp"
#include "transports/tcp/mesh.hpp"
#include "transports/tcp/outlet.hpp"
#include "transports/tcp/vigil.hpp"

namespace weft::tcp {

/// Point-to-point messages of one rank over a Mesh. A call never blocks.
///
/// All channels share a pair's connections, so a message must not keep another channel's from getting through, whoever
/// receives first. Hence a message up to kWhole, and the head of a longer one, is sent at once; where its receive is
/// not posted yet it is put aside. The body of a longer one waits until the receiver is ready for it, and then goes
/// straight to its place. Both sides know a message's length, so the receiver says ready by itself when the receive is
/// posted, mostly while the head is on its way and along with its own next message: this costs no round trip, and a
/// system call only in a stream that goes one way. A connection is read only while something of its peer is awaited, so
/// what is put aside is what lies before that: to a rank that runs ahead TCP says when to wait.
class Messenger {
 public:
  /// `world` is asked what became of a peer whose connection broke.
  Messenger(World& world, Mesh mesh);
  ~Messenger();

  void post_send(int peer, int channel, const std::byte* data, Bytes bytes, Pending& pending);
  /// `reduction.kernel` null: into = arriving; else into = with op arriving.
  void post_recv(int peer, int channel, std::byte* into, const std::byte* with, Bytes bytes, const Reduction& reduction,
                 Pending& pending);
  void progress();

  /// After a progress() that changed nothing: looks now and then whether a link is cut. Throws RankLost.
  void keep_vigil();

 private:
  struct Connection {
    Descriptor socket;
    Inlet inlet;
    Outlet outlet;
    bool readable = true;  // as far as is known
  };
  struct Channel {
    Line posted;       // receives without a message
    Line arrived;      // messages without a receive
    BodyLine waiting;  // sends whose body the peer is not ready for
    Line early;        // readies without a send
  };
  struct Peer {
    int rank = 0;
    std::string host;
    std::vector<std::unique_ptr<Connection>> connections;
    Line heads;                   // sends that have not begun
    BodyLine bodies;              // sends whose peer is ready
    std::vector<Header> readies;  // to be told to the peer
    std::vector<Channel> channels;
    int awaits = 0;  // receives that are not complete, and sends that wait for a ready
  };

  Channel& channel_of(Peer& peer, std::size_t channel);
  void finish(Operation* receive);
  void expect(const Operation& operation, Bytes arriving) const;

  void send_to_oneself(Peer& self, Operation* send);
  void queue_body(Peer& peer, Operation* send);
  void drive(Peer& peer, std::size_t stream);
  void add_readies(Peer& peer, Outlet& outlet);
  bool next_frame(Peer& peer, std::size_t stream);
  void sent(Operation* send, Bytes bytes);

  bool receive(Peer& peer, Connection& connection);
  void handle(Peer& peer, Inlet& inlet, const Header& header);
  void handle_message(Peer& peer, Inlet& inlet, const Header& header);
  void handle_piece(Peer& peer, Inlet& inlet, const Header& header);
  void handle_ready(Peer& peer, const Header& header);
  void arrived(Operation* operation, Bytes bytes);
  void land(Operation* receive, const std::byte* data, Bytes bytes);
  void take_aside(Operation* message, Operation* receive);
  void fetch_events();
  [[noreturn]] void lose(const Peer& peer, const std::string& why);

  World& world_;
  Pool pool_;
  std::vector<Peer> peers_;
  Descriptor events_;
  std::vector<epoll_event> found_;
  int awaited_peers_ = 0;
  int most_polled_peers_;  // up to so many awaited ones their sockets are read without asking the kernel which
  Vigil vigil_;
};

}  // namespace weft::tcp
