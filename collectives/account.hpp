#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "collectives/execute.hpp"

namespace weft {

/// What one lane did in one execution of its program, ns.
struct LaneAccount {
  std::string name;
  Bytes sent_bytes = 0;      ///< by its steps and the routines that it calls
  Nanoseconds computed = 0;  ///< in compute steps
  Nanoseconds busy = 0;      ///< in all steps but those that await an event
  /// How long lane 0 awaited events that this lane signals. On lane 0 itself: nothing.
  Nanoseconds kept_waiting = 0;
  std::vector<Nanoseconds> calls;  ///< when it came to each call of a routine, in order
};

/// All lanes of a rank, on one clock.
struct RankAccount {
  std::vector<LaneAccount> lanes;
  Nanoseconds start = 0;
  Nanoseconds end = 0;
};

/// Adds up the steps of one traced execution (TraceDepth::calls). The program must outlive it.
class Accountant {
 public:
  explicit Accountant(const Program& program);
  void add(const StepTime& time);
  RankAccount take() { return std::move(account_); }

 private:
  const Program& program_;
  std::vector<std::int32_t> signaller_;  // lane of each event; -1: none
  RankAccount account_;
};

}  // namespace weft
