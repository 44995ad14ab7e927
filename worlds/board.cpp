#include "worlds/board.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include <sys/mman.h>

namespace weft {

bool EarlyEnd::write(int who, int exit_code, bool late, std::string_view why) noexcept {
  int nothing = 0;
  if (!stage.compare_exchange_strong(nothing, 1)) return false;
  rank = who;
  code = exit_code;
  timed_out = late;
  std::memcpy(reason.data(), why.data(), std::min(why.size(), reason.size() - 1));
  stage.store(2, std::memory_order_release);
  return true;
}

Board::Board(int ranks) : ranks_(ranks) {
  const auto n = static_cast<std::size_t>(ranks);
  const std::size_t states_at = 2 * ((sizeof(EarlyEnd) + 63) / 64 * 64);
  const std::size_t slots_at = states_at + n * sizeof(RankState);
  bytes_ = slots_at + 2 * n * sizeof(Slot);
  memory_ = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory_ == MAP_FAILED) throw TransportError("no memory for the ranks to meet in");
  auto* base = static_cast<std::byte*>(memory_);
  ends_ = new (base) EarlyEnd[2];
  states_ = new (base + states_at) RankState[n];
  slots_ = reinterpret_cast<Slot*>(base + slots_at);
}

Board::~Board() { munmap(memory_, bytes_); }

const EarlyEnd* Board::early_end() const {
  if (lost().written()) return &lost();
  return gave_up().written() ? &gave_up() : nullptr;
}

}  // namespace weft
