#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <string_view>

#include "core/error.hpp"
#include "core/units.hpp"

namespace weft {

/// What one rank and its supervisor tell each other.
struct alignas(64) RankState {
  std::atomic<Nanoseconds> deadline{0};   ///< monotonic; 0: none. Written by the rank
  std::atomic<const char*> doing{""};     ///< a literal, at the same address in the supervisor: the rank is its fork
  std::atomic<std::uint64_t> arrived{0};  ///< rounds of exchange that the rank has entered
  std::atomic<bool> stopped{false};       ///< written by the supervisor
  std::atomic<bool> ended{false};         ///< the rank runs no longer
};

/// Why the world ends early: written once, by the first to claim it.
struct EarlyEnd {
  std::atomic<int> stage{0};  ///< 0 nothing, 1 being written, 2 written
  int rank = -1;
  int code = static_cast<int>(ExitCode::failed);
  bool timed_out = false;  ///< only says that others did not come
  std::array<char, 1024> reason{};

  bool written() const { return stage.load(std::memory_order_acquire) == 2; }
  /// Keeps the first call's; a reason is cut at 1023 bytes. True for the first.
  bool write(int who, int exit_code, bool late, std::string_view why) noexcept;
};

/// Memory that the ranks of one machine and their supervisor share: made before the ranks are, anonymous, so that
/// nothing is left behind however they end. Serves ranks that are processes forked later, and threads.
class Board {
 public:
  static constexpr std::size_t kChunk = 16384;

  /// One rank's part of one round of an exchange.
  struct Slot {
    std::uint64_t length;  ///< of the whole blob
    std::array<char, kChunk> data;
  };

  explicit Board(int ranks);  ///< throws TransportError when there is no memory
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;
  ~Board();

  int ranks() const { return ranks_; }
  RankState& state(int rank) const { return states_[rank]; }
  /// Two slots per rank, used in turn: whoever writes round r + 2 has seen all arrive at r + 1, hence leave r.
  Slot& slot(int rank, std::uint64_t round) const { return slots_[2 * rank + static_cast<int>(round % 2)]; }

  EarlyEnd& gave_up() const { return ends_[0]; }  ///< written by a rank that cannot go on
  EarlyEnd& lost() const { return ends_[1]; }     ///< written by the supervisor

  /// What the supervisor has written, else what a rank has, else null.
  const EarlyEnd* early_end() const;

 private:
  int ranks_;
  std::size_t bytes_;
  void* memory_;
  EarlyEnd* ends_;
  RankState* states_;
  Slot* slots_;
};

}  // namespace weft
