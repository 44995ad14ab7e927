#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <boost/pool/pool.hpp>
#include <boost/random/mersenne_twister.hpp>

#include "transports/communicator.hpp"
#include "transports/model/clock.hpp"
#include "transports/registry.hpp"
#include "worlds/fibers.hpp"

namespace weft {

/// Blocks of payload that wait for their receive, kept for reuse by power of two.
class StashPool {
 public:
  std::byte* take(Bytes bytes);
  void give_back(std::byte* block, Bytes bytes);

 private:
  std::vector<std::unique_ptr<std::byte[]>> blocks_;
  std::array<std::vector<std::byte*>, 64> free_;
};

/// The simulated fabric: one full-duplex port per rank, and with nodes a second one for the messages inside a node;
/// nothing but latency between the ports. LogGP (Alexandrov et al. 1995) with G = 1 / bandwidth at either end and
/// cut-through between. A message of m bytes posted at time t:
///   leaves    from  s = max(t + o, sender's port free)                   to  s + m/B; then the send is complete
///   arrives   from  a = max(s + alpha * jitter, receiver's port free)    to  a + m/B; then the receive is complete,
///                                                                            or when it is posted, where that is later
/// On idle ports o + alpha + m/B. Inside a node alpha and B are the node's; the two ports of a rank do not
/// slow each other, and o is its CPU's. With uplinks of bandwidth U a message to another node is cut through two more
/// ports, which the ranks of a node share, in the order in which first bytes come to them:
///   climbs    from  u = max(s, sender's node's uplink free)              to  u + m/U; alpha counts from u
///   descends  from  d = max(u + alpha * jitter, receiver's uplink free)  to  d + m/U; it arrives from max(d, port
///   free),
///                                                                            and ends with its last byte on either
/// The other members of FabricModel change alpha, B and the clocks of single
/// messages, ranks or launches as they say. The receiver's port serves messages in the order in which their first bytes
/// arrive; with jitter a message may overtake another of the same pair on the way, but they match in order. A send
/// never waits for its receive (eager, whatever the size). Reducing and copying take no virtual time.
///
/// Why serving a message when its first byte arrives is right: the scheduler takes everything in order of time, so
/// when the event of time a comes up, whatever is posted from then on is posted at a or later, and its first byte
/// arrives no earlier since o, alpha >= 0. So no message can come that should have been served before; the port's
/// backlog is known, and with it the time at which this message ends. (With alpha = 0 ties go by order of posting.)
///
/// Shared by the ranks' communicators, which are fibers of one thread.
class Fabric final : private EventSource {
 public:
  Fabric(Scheduler& scheduler, const TransportOptions& options);
  ~Fabric();
  Fabric(const Fabric&) = delete;
  Fabric& operator=(const Fabric&) = delete;

  /// What a receive does with the bytes.
  struct Landing {
    std::byte* into = nullptr;
    const std::byte* with = nullptr;  ///< reduce with this where `reduction` has a kernel
    Reduction reduction;
  };

  /// From now on the rank's blocked fiber waits on `waiter`; null: there is none any more.
  void attach(int rank, const Waiter* waiter) { port(rank).waiter = waiter; }

  /// Post, at the rank's clock. Throw TransportError where the lengths of the two sides differ.
  void send(int rank, int peer, int channel, const std::byte* data, Bytes bytes, Pending& pending);
  void receive(int rank, int peer, int channel, const Landing& landing, Bytes bytes, Pending& pending);

  /// Completes what is complete at the rank's clock.
  void complete(int rank);
  /// When the rank's next operation completes, as far as is known; kNever where nothing is under way to it.
  Picoseconds next_completion(int rank) const;

  /// What the rank's own clock shows of the virtual time.
  const ModelClock& clock(int rank) const { return ports_[static_cast<std::size_t>(rank)].clock; }

  /// The rank's lateness into each compute step.
  Nanoseconds skew(int rank) const { return ports_[static_cast<std::size_t>(rank)].skew; }
  bool clocks_differ() const { return options_.model.clock_offset > 0 || options_.model.clock_drift > 0; }
  bool carries_data(int rank) const { return ports_[static_cast<std::size_t>(rank)].carries; }
  void carry_data(int rank, bool carry) { port(rank).carries = carry && options_.carry_data; }
  Scheduler& scheduler() const { return scheduler_; }

  /// "64 bytes from rank 3 on channel 0": the first receive of the rank that has met no send.
  std::string unmatched(int rank) const;

 private:
  struct Transfer;
  struct Completion {
    Picoseconds time;
    Transfer* transfer;
    bool of_send;
    bool operator>(const Completion& other) const { return time > other.time; }
  };
  /// What messages of one level meet: between nodes, or inside one.
  struct Link {
    Picoseconds latency;
    double bandwidth;
  };
  static constexpr std::size_t kLevels = 2;
  /// When a port has sent and received what it knows of.
  struct Duplex {
    Picoseconds out_free = 0;
    Picoseconds in_free = 0;
  };
  /// A rank's end of the fabric.
  struct Port {
    std::array<Duplex, kLevels> levels;
    const Waiter* waiter = nullptr;
    Nanoseconds skew = 0;
    bool carries = true;  ///< what it sends its bytes
    ModelClock clock;
    std::vector<Completion> completions;  ///< a heap, the earliest on top
    /// [channel][sender]: the last of the transfers that have met only one side, a ring through Transfer::next. All of
    /// a ring have met the same side. A channel's vector is made when it is first used.
    std::vector<std::vector<Transfer*>> unmatched;
    boost::random::mt19937_64 engine;
  };

  Port& port(int rank) { return ports_[static_cast<std::size_t>(rank)]; }
  void happen(void* transfer) override;  ///< the first byte arrives, or is to climb
  /// 0 between nodes, and where there are none; 1 inside one.
  std::size_t level_of(int sender, int receiver) const;
  /// Of the rank's node; only where there are uplinks.
  Duplex& uplink(int rank) { return uplinks_[static_cast<std::size_t>(rank / options_.model.ranks_per_node)]; }
  void climb(Transfer& transfer);  ///< the first byte comes to the uplink
  Picoseconds wire_time(const Link& link, Bytes bytes) const;
  Picoseconds latency(const Link& link, Port& sender, Bytes bytes) const;
  Picoseconds noticed(const Transfer& transfer);  ///< when its receiver sees that it is complete
  Transfer*& queue(int receiver, int sender, int channel);
  Transfer& meet(Transfer*& tail, bool sending, Bytes bytes, int sender, int receiver);
  void add(int rank, const Completion& completion);
  static bool carries(const Transfer& transfer);  ///< its bytes; a null buffer holds none
  void deliver(Transfer& transfer);
  void finish_send(Transfer& transfer);
  void finish_receive(Transfer& transfer);

  Scheduler& scheduler_;
  TransportOptions options_;
  std::array<Link, kLevels> links_;
  Link cable_;  ///< of an uplink, whose latency is in that of the level
  Picoseconds overhead_;
  double launch_factor_ = 1;  ///< on latency and wire time
  std::vector<Port> ports_;
  std::vector<Duplex> uplinks_;  ///< by node; empty where there are none
  boost::pool<> transfers_;
  StashPool stashes_;
};

}  // namespace weft
