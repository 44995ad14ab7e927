#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <span>
#include <vector>

#include "core/units.hpp"
#include "patterns/replay.hpp"

namespace weft {

/// No operation.
inline constexpr std::uint32_t kNoOperation = std::numeric_limits<std::uint32_t>::max();

enum class GoalKind : std::uint8_t { calc, send, recv };

/// A line `label: send 1024b to 1 tag 0` of one rank. What order_goal() finds out is marked.
struct GoalOperation {
  Bytes size = 0;          ///< bytes of the message; of calc ns
  std::int32_t peer = -1;  ///< rank
  std::uint32_t tag = 0;
  std::uint32_t line = 0;                ///< of the file, from 1
  std::uint32_t partner = kNoOperation;  ///< ordered: the peer's operation at the other end of the message
  std::uint32_t window = 0;              ///< ordered: which part of the sender's payload the message carries
  std::uint16_t cpu = 0;
  std::uint8_t channel = 0;  ///< ordered: messages of one channel between two ranks match in order
  GoalKind kind = GoalKind::calc;

  bool is_message() const { return kind != GoalKind::calc; }
  /// Takes no time and moves nothing: it only joins what it requires.
  bool is_join() const { return kind == GoalKind::calc && size == 0; }
};

/// That an operation may start when another of its rank has ended (requires), or only when it has started (irequires).
class GoalDependency {
 public:
  GoalDependency(std::uint32_t operation, bool only_start) : code_(operation << 1U | (only_start ? 1U : 0U)) {}
  std::uint32_t operation() const { return code_ >> 1U; }
  bool only_start() const { return (code_ & 1U) != 0; }
  bool operator==(const GoalDependency&) const = default;
  bool operator<(const GoalDependency& other) const { return code_ < other.code_; }

 private:
  std::uint32_t code_;
};

/// What one rank does: a graph of operations, numbered as they stand in the file.
struct GoalRank {
  std::vector<GoalOperation> operations;
  std::vector<GoalDependency> dependencies;  ///< of the first operation, of the second, …; sorted, each once
  std::vector<std::uint32_t> first = {0};    ///< of each operation's dependencies, and one more
  std::vector<std::uint32_t> order;          ///< ordered: the operations as they start
  std::vector<std::uint32_t> ended;          ///< ordered: of each operation, how many had started when it ended

  std::span<const GoalDependency> dependencies_of(std::uint32_t operation) const {
    return std::span(dependencies).subspan(first[operation], first[operation + 1] - first[operation]);
  }
};

/// A GOAL schedule of all ranks (Hoefler, Siebert, Lumsdaine: Group Operation Assembly Language, 2009).
struct GoalSchedule {
  std::filesystem::path file;
  std::vector<GoalRank> ranks;

  /// Throws UsageError that begins with the operation's line.
  [[noreturn]] void refuse(const GoalOperation& at, std::string_view what) const {
    RecordPlace{.path = file, .line = at.line}.refuse(what);
  }
};

/// What the file is read for.
struct GoalShape {
  int ranks = 1;    ///< that it must be of
  Bytes eager = 0;  ///< sends up to this size end as they start, as with LogGOPSim's S
};

/// Reads the text as a stream, with the memory of the schedule and of one rank's labels. Throws UsageError naming file
/// and line where it is no schedule of so many ranks, or one that cannot run: it is cut, a label is unknown or comes
/// twice, a number is out of range.
GoalSchedule read_goal(const std::filesystem::path& file, const GoalShape& shape);

/// Runs the schedule on a fabric without delay on which a send ends with its receive, and notes the order in which each
/// rank's operations start: whoever keeps it cannot deadlock. Of operations that no requirement orders, calcs of one
/// cpu take turns, and messages of one sender, receiver and tag match, in this order. Finds each message's two ends,
/// and gives a receive that is longer the message's length. Throws UsageError naming file and line where it cannot end.
void order_goal(GoalSchedule& schedule);

}  // namespace weft
