#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "collectives/program.hpp"

namespace weft::verify {

/// Whether one rank's steps touch the same bytes unordered. A step's access lasts from the step to the lane's next wait
/// for send, recv and recv_reduce, else it is over at once. Accesses of different lanes are ordered by signal and await
/// only (vector clocks: Fidge 1988, Mattern 1989).
class AccessOrder {
 public:
  explicit AccessOrder(const Program& program);

  struct Conflict {
    int lane;
    std::size_t step;    ///< the earlier step that may be unfinished
    bool being_written;  ///< by it; else it is being read
    Region region;       ///< of it
  };

  /// Notes that the step runs now, in the order of a simulation; the first conflict with steps that ran before.
  std::optional<Conflict> run(int lane, std::size_t step);

  /// Whether `observer`, at the step that it runs now, certainly comes after that step of another lane has begun.
  bool has_begun(int lane, std::size_t step, int observer) const {
    return clocks_[static_cast<std::size_t>(observer)][static_cast<std::size_t>(lane)] > step;
  }

 private:
  using Clock = std::vector<std::size_t>;  ///< per lane: how many of its steps have certainly begun and left it

  struct Access {
    int lane;
    std::size_t step;
    std::size_t finish;  ///< the step of the lane that ends it
    Region region;
    bool writes;
  };

  std::optional<Conflict> touch(int lane, std::size_t step, std::size_t finish, const Region& region, bool writes);
  void forget_finished();

  const Program& program_;
  std::vector<std::vector<std::size_t>> next_wait_;  ///< per lane and step
  std::vector<Clock> clocks_;                        ///< per lane
  std::vector<Clock> events_;                        ///< the clock with which each event was signalled
  std::vector<Access> live_;
};

}  // namespace weft::verify
