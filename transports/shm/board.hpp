#pragma once

#include <vector>

#include "transports/shm/control.hpp"
#include "transports/shm/messenger.hpp"
#include "transports/shm/patience.hpp"

namespace weft::shm {

/// What native collectives are made of: rounds, in which every rank contributes something and sees what all the others
/// contributed. Every round is a barrier. All calls but view(), in() and out() are collective.
///
/// A rank writes its contribution of round k over that of round k - 2 without asking: it has ended round k - 1, in
/// which every other rank took part after it had done with round k - 2. So a contribution that is *copied* costs one
/// round; one that is *lent* (its owner's own buffer) needs a second, before the owner may touch the buffer again.
class Board {
 public:
  Board(int rank, int ranks, const Segments& segments, World& world, Messenger& messenger, bool oversubscribed);

  int rank() const { return rank_; }
  int ranks() const { return ranks_; }
  /// Up to here contributions are copied: one round, where lending takes two. A round costs two cache lines' way where
  /// every rank has its core, but a turn of the scheduler where it has not.
  Bytes copies_up_to() const { return oversubscribed_ ? kSlotBytes : 512; }
  Patience& patience() { return patience_; }

  void barrier() {
    open();
    close();
  }

  /// Contributes `bytes` of data: copied up to copies_up_to(), else lent. Lengths may differ.
  void share(const std::byte* data, Bytes bytes);
  /// What the rank shared; valid until the next call (copied) or until finish() (lent).
  const std::byte* view(int rank) const { return views_[static_cast<std::size_t>(rank)]; }
  /// Ends the use of what was shared.
  void finish() {
    if (lent_) barrier();
  }

  /// Lends two buffers for reading and writing; null where there is none. Ends with barrier().
  void lend(const std::byte* in, const std::byte* out);
  const std::byte* in(int rank) const { return views_[static_cast<std::size_t>(rank)]; }
  std::byte* out(int rank) const { return outs_[static_cast<std::size_t>(rank)]; }

  /// Memory of this rank that fits the fastest cache, for results on their way.
  static constexpr Bytes kBlock = 8 << 10;
  std::byte* block() { return block_->data(); }

 private:
  struct alignas(64) Block : std::array<std::byte, kBlock> {};

  Note& open();
  void close();
  const Note& note_of(int rank) const {
    return *notes_[(round_ & 1) * static_cast<std::size_t>(ranks_) + static_cast<std::size_t>(rank)];
  }
  void await(const Note& note);

  int rank_;
  int ranks_;
  const Segments& segments_;
  World& world_;
  Messenger& messenger_;
  bool oversubscribed_;
  Patience patience_;
  std::uint32_t round_ = 0;
  bool lent_ = false;
  std::vector<Note*> notes_;  // [parity][rank]
  std::vector<const std::byte*> views_;
  std::vector<std::byte*> outs_;
  std::unique_ptr<Block> block_;
};

}  // namespace weft::shm
