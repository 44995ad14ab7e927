#include "worlds/shared_world.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "worlds/backoff.hpp"

namespace weft {

// Every round moves up to kChunk bytes of each blob; how many rounds there are follows from the longest, which all
// know after the first.
std::vector<std::string> SharedWorld::allgather(std::string_view mine) {
  std::vector<std::string> all(static_cast<std::size_t>(ranks()));
  std::size_t longest = 0;
  for (std::size_t offset = 0; offset == 0 || offset < longest; offset += Board::kChunk) {
    exchange_round(mine, offset);
    for (int peer = 0; peer < ranks(); ++peer) {
      await_arrival(peer);
      const Board::Slot& slot = board_.slot(peer, round_);
      longest = std::max<std::size_t>(longest, slot.length);
      if (slot.length > offset)
        all[static_cast<std::size_t>(peer)].append(slot.data.data(), std::min(Board::kChunk, slot.length - offset));
    }
  }
  return all;
}

void SharedWorld::exchange_round(std::string_view mine, std::size_t offset) {
  check();
  ++round_;
  Board::Slot& slot = board_.slot(rank_, round_);
  slot.length = mine.size();
  if (mine.size() > offset)
    std::memcpy(slot.data.data(), mine.data() + offset, std::min(Board::kChunk, mine.size() - offset));
  board_.state(rank_).arrived.store(round_, std::memory_order_release);
}

void SharedWorld::await_arrival(int peer) {
  const RankState& state = board_.state(peer);
  Backoff backoff;
  while (state.arrived.load(std::memory_order_acquire) < round_) {
    check();
    // `ended` is read before the second look, so that a last arrival is not taken for an absence.
    if (state.ended.load(std::memory_order_acquire) && state.arrived.load(std::memory_order_acquire) < round_)
      throw RankLost(peer, fmt::format("rank {} ended while rank {} was waiting for it", peer, rank_));
    backoff.pause();
  }
}

void SharedWorld::abort(std::string_view reason) noexcept {
  std::array<char, 1000> text;
  const auto end = fmt::format_to_n(text.data(), text.size(), "rank {} gave up: {}", rank_, reason).out;
  board_.gave_up().write(rank_, static_cast<int>(ExitCode::failed), false,
                         {text.data(), static_cast<std::size_t>(end - text.data())});
}

void SharedWorld::check() {
  if (const EarlyEnd* end = board_.early_end()) throw RankLost(end->rank, end->reason.data());
  const Nanoseconds deadline = board_.state(rank_).deadline.load(std::memory_order_relaxed);
  if (deadline == 0 || monotonic_now() < deadline) return;
  for (int peer = 0; peer < ranks(); ++peer)
    if (board_.state(peer).stopped.load(std::memory_order_acquire))
      throw RankLost(peer, fmt::format("rank {} is stopped", peer));
  throw TimedOut(fmt::format("rank {} timed out: {}", rank_, board_.state(rank_).doing.load()));
}

void SharedWorld::set_deadline(Nanoseconds from_now, const char* doing) {
  RankState& state = board_.state(rank_);
  state.doing.store(doing, std::memory_order_relaxed);
  state.deadline.store(from_now == 0 ? 0 : monotonic_now() + from_now, std::memory_order_release);
}

int SharedWorld::run(const RankMain& main) {
  return run_rank(*this, main, [&](const Failure& failure) {
    board_.gave_up().write(rank_, static_cast<int>(failure.code), failure.timed_out, failure.reason);
    const EarlyEnd* end = board_.early_end();
    return end != nullptr ? end->code : static_cast<int>(failure.code);
  });
}

int conclude(const Board& board, int largest) {
  if (!board.gave_up().written()) return largest;
  fmt::print(stderr, "weft: {}\n", board.gave_up().reason.data());
  return std::max(largest, board.gave_up().code);
}

}  // namespace weft
