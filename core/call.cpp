#include "core/call.hpp"

#include <array>
#include <string>

#include "core/error.hpp"

namespace weft {

namespace {

constexpr std::array<Collective, 8> kCollectives = {
    Collective::barrier,    Collective::broadcast,  Collective::all_reduce,  Collective::reduce_scatter,
    Collective::all_gather, Collective::all_to_all, Collective::all_to_allv, Collective::send_recv};
constexpr std::array<std::string_view, 8> kNames = {"barrier",    "broadcast",  "all_reduce",  "reduce_scatter",
                                                    "all_gather", "all_to_all", "all_to_allv", "send_recv"};

}  // namespace

std::span<const Collective> all_collectives() { return kCollectives; }
std::string_view name_of(Collective collective) { return kNames[static_cast<std::size_t>(collective)]; }

Bytes Call::bytes_between(int from, int to) const {
  if (collective == Collective::all_to_all) return block();
  return (*matrix)[static_cast<std::size_t>(from) * static_cast<std::size_t>(ranks) + static_cast<std::size_t>(to)];
}

int Call::partner() const {
  if (pairing != nullptr) return (*pairing)[static_cast<std::size_t>(rank)];
  return (rank ^ 1) < ranks ? rank ^ 1 : -1;
}

Bytes Call::in_bytes() const {
  if (in_place) return 0;
  const auto n = static_cast<Bytes>(ranks);
  switch (collective) {
    case Collective::barrier:
      return 0;
    case Collective::broadcast:
      return rank == root ? block() : 0;
    case Collective::all_reduce:
    case Collective::all_gather:
    case Collective::send_recv:
      return block();
    case Collective::reduce_scatter:
    case Collective::all_to_all:
      return n * block();
    case Collective::all_to_allv:
      break;
  }
  Bytes sum = 0;
  for (int peer = 0; peer < ranks; ++peer) sum += sent_to(peer);
  return sum;
}

Bytes Call::out_bytes() const {
  const auto n = static_cast<Bytes>(ranks);
  switch (collective) {
    case Collective::barrier:
      return 0;
    case Collective::broadcast:
    case Collective::all_reduce:
    case Collective::send_recv:
      return block();
    case Collective::reduce_scatter:
      return in_place ? n * block() : block();
    case Collective::all_gather:
    case Collective::all_to_all:
      return n * block();
    case Collective::all_to_allv:
      break;
  }
  Bytes sum = 0;
  for (int peer = 0; peer < ranks; ++peer) sum += received_from(peer);
  return sum;
}

bool has_in_place(Collective collective) {
  return collective != Collective::barrier && collective != Collective::send_recv &&
         collective != Collective::broadcast;
}

}  // namespace weft
