#pragma once

#include <memory>
#include <vector>

#include "transports/communicator.hpp"
#include "transports/shm/control.hpp"

namespace weft::shm {

/// Point-to-point messages of one rank: up to kEagerBytes through the ring to the peer, longer ones offered by the
/// sender and copied or reduced once, by the receiver, from the sender's memory. Rings carry all channels, so what
/// arrives on a channel where nobody receives yet is put aside. A call never blocks: what finds a ring full is queued
/// here.
class Messenger {
 public:
  /// Needs segment 0 to hold every rank's Control.
  Messenger(int rank, int ranks, const Segments& segments);
  ~Messenger();

  void post_send(int peer, int channel, const std::byte* data, Bytes bytes, Pending& pending);
  /// `reduction.kernel` null: into = arriving; else into = with op arriving.
  void post_recv(int peer, int channel, std::byte* into, const std::byte* with, Bytes bytes, const Reduction& reduction,
                 Pending& pending);
  void progress();

 private:
  struct Operation;

  /// First in, first out; the operations carry the links.
  struct Queue {
    Operation* head = nullptr;
    Operation* tail = nullptr;

    bool empty() const { return head == nullptr; }
    void push(Operation* operation);
    Operation* pop();
  };
  struct Channel {
    Queue posted;   // receives without a message
    Queue arrived;  // messages without a receive
  };
  struct Peer {
    int rank;
    RingSender sender;
    RingReceiver receiver;
    Queue unsent;  // what found the ring full
    std::vector<Channel> channels;
  };

  /// Operations, and room for a message put aside for each of them.
  struct Slab {
    std::unique_ptr<Operation[]> operations;
    std::unique_ptr<std::byte[]> aside;
  };

  Operation* acquire();
  void add_slab();
  void release(Operation* operation);
  Operation* operation(std::uint32_t token) const;

  Channel& channel_of(Peer& peer, std::size_t channel);
  bool try_send(Peer& peer, const Operation& operation);
  void send_or_queue(Peer& peer, Operation* operation);
  bool flush(Peer& peer);
  void drain(Peer& peer);
  void handle(Peer& peer, const Line& line);
  void put_aside(Channel& channel, const Line& line, const std::byte* data);
  void deliver(Operation* receive, const std::byte* data);
  void start_transfer(Operation* receive, Place place, std::uint32_t token);
  void transfer_some();
  void expect(const Operation& receive, Bytes arriving) const;

  const Segments& segments_;
  std::vector<Peer> peers_;
  std::vector<Slab> slabs_;
  Operation* free_ = nullptr;
  Queue transfers_;  // offers being copied, a piece at a time in turn
};

}  // namespace weft::shm
