#pragma once

#include <vector>

#include "collectives/workload.hpp"
#include "patterns/goal/lanes.hpp"

namespace weft {

/// One rank of a GOAL schedule. A message is a window of what its sender sends, by its number among the sender's
/// messages, so that a message that another one's receive gets is found wrong.
class GoalWorkload final : public Workload {
 public:
  /// `schedule` is ordered.
  GoalWorkload(const GoalSchedule& schedule, int rank);

  const std::vector<Program>& programs() const override { return programs_; }
  void fill(std::size_t program, const Buffers& buffers, std::uint64_t salt) const override;
  /// Of every message that was not overwritten all bytes, of the others the first kGoalWindowStep.
  std::uint64_t count_wrong(std::size_t program, const Buffers& buffers, std::uint64_t salt) const override;
  Bytes wire_bytes(std::size_t) const override { return wire_bytes_; }

 private:
  std::vector<Program> programs_;
  std::vector<GoalArrival> arrivals_;
  Bytes wire_bytes_ = 0;
};

}  // namespace weft
