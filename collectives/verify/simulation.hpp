#pragma once

#include <deque>
#include <unordered_map>
#include <vector>

#include "collectives/verify/access_order.hpp"
#include "collectives/verify/report.hpp"

namespace weft::verify {

/// What wants to see the programs run: the symbolic memory, the knowledge of a barrier.
class Observer {
 public:
  Observer() = default;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;
  virtual ~Observer() = default;

  /// A copy or reduce, or a wait that has ended.
  virtual void executed(const Place& place, const Step& step) = 0;
  /// A message goes from a send to a recv or recv_reduce; the shorter of the two lengths.
  virtual void delivered(const Place& send, const Place& recv, Bytes bytes) = 0;
};

/// Runs all ranks' programs without a network, with rendezvous: a message is delivered, and its send complete, when
/// both sides are posted. Whatever order the lanes run in, the same is delivered, because matching is in order within a
/// channel and AccessOrder reports what depends on chance. The programs must have passed check_steps.
class Simulation {
 public:
  /// `observer` may be null.
  Simulation(Report& report, Observer* observer);

  /// Reports wrong lengths, deadlock, messages without a partner and unordered accesses.
  void run();

 private:
  struct LaneState {
    std::size_t next = 0;
    int pending = 0;
  };
  /// Messages of one direction of one channel: posted and not yet met. Only one of the two is not empty.
  struct Queue {
    std::deque<Place> sends;
    std::deque<Place> recvs;
  };

  const Program& program(int rank) const { return report_.programs()[static_cast<std::size_t>(rank)]; }
  LaneState& lane(const Place& place) {
    return lanes_[static_cast<std::size_t>(place.rank)][static_cast<std::size_t>(place.lane)];
  }
  bool advance(int rank, int lane);
  bool run_step(const Place& place, const Step& step);  ///< false: it blocks
  void check_order(const Place& place);
  void post(const Place& place, const Step& step);
  void check_channel_order(const Place& place, std::uint64_t queue, bool sends);
  void deliver(const Place& send, const Place& recv);
  void report_blocked();
  void report_unmet();

  Report& report_;
  Observer* observer_;
  std::vector<std::vector<LaneState>> lanes_;
  std::vector<std::vector<char>> events_;
  std::vector<AccessOrder> orders_;
  std::unordered_map<std::uint64_t, Queue> queues_;
  std::unordered_map<std::uint64_t, Place> last_posts_[2];  ///< sends, receives; where lanes share channels
};

}  // namespace weft::verify
