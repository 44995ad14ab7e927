#include "transports/shm/segments.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <stdexcept>

#include <fmt/format.h>
#include <unistd.h>

#include "core/error.hpp"
#include "worlds/together.hpp"

namespace weft::shm {

namespace {

using View = std::shared_ptr<const Mapping>;

/// How a peer comes to a rank's memory: by process and file, or, within a process, by sharing the mapping itself.
struct Card {
  pid_t process = 0;
  int descriptor = -1;
  Bytes bytes = 0;
  const View* view = nullptr;
};

std::string as_blob(const Card& card) {
  std::string blob(sizeof card, '\0');
  std::memcpy(blob.data(), &card, sizeof card);
  return blob;
}

Card as_card(const std::string& blob) {
  Card card;
  if (blob.size() != sizeof card) throw TransportError("shm: the ranks run different builds of weft");
  std::memcpy(&card, blob.data(), sizeof card);
  return card;
}

View view_of(const Card& card) {
  if (card.process == getpid()) return *card.view;
  const MemoryFile file(card.process, card.descriptor);
  return std::make_shared<const Mapping>(file, card.bytes);
}

}  // namespace

std::uint32_t Segments::add(World& world, Bytes bytes, bool huge) {
  const auto segment = static_cast<std::uint32_t>(views_.size());
  const Bytes size = rounded_to_pages(bytes, huge);
  std::optional<MemoryFile> file;
  View mine;
  together(world, [&] {
    if (size > kOffsetMask) throw TransportError(fmt::format("shm: {} bytes are more than a segment holds", bytes));
    file.emplace(size, huge);
    mine = std::make_shared<const Mapping>(*file, size);
  });
  const std::vector<std::string> blobs =
      world.allgather(as_blob({.process = getpid(), .descriptor = file->descriptor(), .bytes = size, .view = &mine}));
  std::vector<View> views(static_cast<std::size_t>(ranks_));
  together(world, [&] {
    for (std::size_t rank = 0; rank < views.size(); ++rank) views[rank] = view_of(as_card(blobs[rank]));
  });
  for (const View& view : views) bases_.push_back(view->data());
  pieces_.insert(pieces_.begin(), Piece{mine->data(), mine->data() + size, segment});
  views_.push_back(std::move(views));
  return segment;
}

void Segments::remove(std::uint32_t segment) {
  views_[segment].clear();
  std::erase_if(pieces_, [&](const Piece& piece) { return piece.segment == segment; });
}

Place Segments::not_shared() { throw std::logic_error("shm: a buffer that allocate() did not give"); }

void require_one_host(World& world) {
  const HostIdentity mine = this_host();
  const std::string separator = "\n";
  const std::vector<std::string> blobs =
      world.allgather(mine.name + separator + mine.boot + separator + mine.processes);
  for (std::size_t rank = 1; rank < blobs.size(); ++rank) {
    if (blobs[rank] == blobs[0]) continue;
    const std::string here = blobs[0].substr(0, blobs[0].find('\n'));
    const std::string there = blobs[rank].substr(0, blobs[rank].find('\n'));
    throw TransportError(
        here == there
            ? fmt::format("shm: ranks 0 and {} are in different containers of host {}, which share no memory", rank,
                          here)
            : fmt::format("shm: rank 0 is on host {} and rank {} on host {}: shared memory needs all ranks on one host",
                          here, rank, there));
  }
}

}  // namespace weft::shm
