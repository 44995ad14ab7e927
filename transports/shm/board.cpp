#include "transports/shm/board.hpp"

namespace weft::shm {

namespace {

enum Form : std::uint32_t { in_note, in_slot, lent };

constexpr int kSpinsBeforePausing = 64;
constexpr int kPausesPerProgress = 64;
constexpr Place kNone = ~Place{0};

}  // namespace

Board::Board(int rank, int ranks, const Segments& segments, World& world, Messenger& messenger, bool oversubscribed)
    : rank_(rank),
      ranks_(ranks),
      segments_(segments),
      world_(world),
      messenger_(messenger),
      oversubscribed_(oversubscribed),
      patience_(oversubscribed),
      views_(static_cast<std::size_t>(ranks)),
      outs_(static_cast<std::size_t>(ranks)),
      block_(std::make_unique<Block>()) {
  for (const std::uint32_t parity : {0U, 1U})
    for (int peer = 0; peer < ranks; ++peer) notes_.push_back(&Control(segments.base(peer, 0), ranks).note(parity));
}

Note& Board::open() {
  ++round_;
  return *notes_[(round_ & 1) * static_cast<std::size_t>(ranks_) + static_cast<std::size_t>(rank_)];
}

void Board::close() {
  notes_[(round_ & 1) * static_cast<std::size_t>(ranks_) + static_cast<std::size_t>(rank_)]->round.store(
      round_, std::memory_order_release);
  for (int peer = 0; peer < ranks_; ++peer) await(note_of(peer));
}

void Board::await(const Note& note) {
  for (int spin = oversubscribed_ ? kSpinsBeforePausing - 1 : 0; spin < kSpinsBeforePausing; ++spin)
    if (note.round.load(std::memory_order_acquire) == round_) return;
  // Messages are moved meanwhile: a peer may be held up by a ring that only this rank can empty.
  for (int pause = 1; note.round.load(std::memory_order_acquire) != round_; ++pause) {
    patience_.pause(world_);
    if (pause % kPausesPerProgress == 0) messenger_.progress();
  }
}

void Board::share(const std::byte* data, Bytes bytes) {
  Note& mine = open();
  if (bytes <= kNoteBytes) {
    mine.form = in_note;
    if (bytes > 0) std::memcpy(mine.data.data(), data, bytes);
  } else if (bytes <= copies_up_to()) {
    mine.form = in_slot;
    std::memcpy(Control(segments_.base(rank_, 0), ranks_).slot(round_ & 1), data, bytes);
  } else {
    mine.form = lent;
    const Place place = segments_.place_of(data);
    std::memcpy(mine.data.data(), &place, sizeof place);
  }
  close();
  lent_ = false;
  for (int peer = 0; peer < ranks_; ++peer) {
    const Note& note = note_of(peer);
    const std::byte*& view = views_[static_cast<std::size_t>(peer)];
    if (note.form == in_note) {
      view = note.data.data();
    } else if (note.form == in_slot) {
      view = Control(segments_.base(peer, 0), ranks_).slot(round_ & 1);
    } else {
      Place place;
      std::memcpy(&place, note.data.data(), sizeof place);
      view = segments_.at(peer, place);
      lent_ = true;
    }
  }
}

void Board::lend(const std::byte* in, const std::byte* out) {
  std::array<Place, 2> places = {in == nullptr ? kNone : segments_.place_of(in),
                                 out == nullptr ? kNone : segments_.place_of(out)};
  std::memcpy(open().data.data(), places.data(), sizeof places);
  close();
  for (int peer = 0; peer < ranks_; ++peer) {
    std::memcpy(places.data(), note_of(peer).data.data(), sizeof places);
    const auto index = static_cast<std::size_t>(peer);
    views_[index] = places[0] == kNone ? nullptr : segments_.at(peer, places[0]);
    outs_[index] = places[1] == kNone ? nullptr : segments_.at(peer, places[1]);
  }
}

}  // namespace weft::shm
