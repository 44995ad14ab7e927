#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "patterns/goal/schedule.hpp"

namespace weft {

/// Operations that end together, as far as the others of the rank can see: a calc, or messages of one channel that
/// require the same and whose ends the same operations require. They stand side by side in a lane.
struct GoalGroup {
  std::uint32_t lane = 0;
  std::uint32_t leader = 0;  ///< its first operation
  std::uint32_t ended = 0;   ///< how many of the rank's operations had started when all of it had ended
  std::int32_t event = -1;   ///< that its end signals to other lanes
};

struct GoalLane {
  static constexpr int kNoChannel = -1;

  int channel = kNoChannel;  ///< of its messages
  std::uint32_t tag = 0;     ///< of the first of them; of a lane of calcs the cpu
  bool calculates = false;   ///< it is the calcs of one cpu
  std::uint32_t last = 0;    ///< group
};

/// Where the operations of an ordered rank go: lanes, in each of them in the rank's order. The calcs of a cpu are a
/// lane. A message or join follows, in a lane, what it requires to have ended, so that the lane's order adds no
/// requirement; where it can follow nothing, it begins a lane. Beyond kMostLanes a lane goes on with what comes next
/// once all in it has ended: then the lane's order does add requirements, but those that the rank's order meets.
/// Lanes of calcs come first, the others by tag: so a schedule that weft exported gets its lanes in their old order, in
/// which an executor serves them.
class GoalPlacement {
 public:
  explicit GoalPlacement(const GoalRank& rank);

  const std::vector<GoalLane>& lanes() const { return lanes_; }
  const std::vector<GoalGroup>& groups() const { return groups_; }
  std::uint32_t group_of(std::uint32_t operation) const { return group_of_[operation]; }
  const GoalGroup& group(std::uint32_t operation) const { return groups_[group_of_[operation]]; }
  std::uint32_t lane_of(std::uint32_t operation) const { return group(operation).lane; }
  /// The event that says that it has started; -1: no other lane awaits that.
  int start_event(std::uint32_t operation) const { return start_events_[operation]; }
  /// The message before it in its channel, where that is in another lane and no requirement orders the two.
  std::uint32_t after(std::uint32_t operation) const { return after_[operation]; }
  int events() const { return events_; }

 private:
  static constexpr std::size_t kMostLanes = 256;
  static constexpr std::size_t kTriedLanes = 64;  ///< of those that may go on

  void list_successors();
  void sort_lanes();
  void place(std::uint32_t operation, std::uint32_t position);
  bool join_group(std::uint32_t operation);
  std::uint32_t find_lane(std::uint32_t operation, std::uint32_t position);
  std::uint32_t lane_to_follow(const GoalOperation& operation, std::uint32_t number) const;
  std::uint32_t lane_to_reuse(const GoalOperation& operation, std::uint32_t position);
  std::uint32_t new_lane(const GoalLane& lane);
  bool serves(const GoalLane& lane, const GoalOperation& operation) const;
  void await_requirements(std::uint32_t operation);
  void keep_channel_order(std::uint32_t operation);
  void await_start(std::uint32_t operation);
  std::span<const std::uint32_t> successors_of(std::uint32_t operation) const;

  const GoalRank& rank_;
  std::vector<std::uint32_t> first_successor_;
  std::vector<std::uint32_t> successors_;  ///< who requires the operation's end
  std::vector<GoalLane> lanes_;
  std::vector<GoalGroup> groups_;
  std::vector<std::uint32_t> group_of_;
  std::vector<std::int32_t> start_events_;
  std::vector<std::uint32_t> after_;
  std::map<std::uint16_t, std::uint32_t> lane_of_cpu_;
  std::vector<std::uint32_t> last_group_;                       ///< of each channel
  std::unordered_map<std::uint64_t, std::uint32_t> last_post_;  ///< by channel, peer and direction
  std::size_t next_tried_ = 0;
  int events_ = 0;
};

}  // namespace weft
