#include "collectives/ring.hpp"

namespace weft::collectives {

Track chunks_of(const Call& call, Region whole, int number) {
  const Chunks chunk(whole.bytes / call.element(), call.element(), number);
  Track regions;
  for (int i = 0; i < number; ++i) regions.push_back(whole.part(chunk[i].offset, chunk[i].bytes));
  return regions;
}

void ring_reduce_scatter(Lane& lane, const Ring& ring, const std::vector<Track>& shares,
                         const std::vector<Track>& sums) {
  for (int round = 0; round + 1 < ring.size; ++round) {
    const std::size_t sent = ring.chunk(ring.own - 1 - round);
    const std::size_t arriving = ring.chunk(ring.own - 2 - round);
    for (std::size_t track = 0; track < sums.size(); ++track) {
      lane.send(ring.to, (round == 0 ? shares : sums)[track][sent]);
      lane.recv_reduce(ring.from, sums[track][arriving], shares[track][arriving]);
    }
    lane.wait();
  }
}

Track in_turns(const Ring& ring, Region last, Region spare) {
  Track sums(static_cast<std::size_t>(ring.size), last);
  for (int left = 1; left < ring.size; left += 2) sums[ring.chunk(ring.own + left)] = spare;
  return sums;
}

void ring_all_gather(Lane& lane, const Ring& ring, const std::vector<Track>& tracks) {
  for (int round = 0; round + 1 < ring.size; ++round) {
    for (const Track& track : tracks) {
      lane.send(ring.to, track[ring.chunk(ring.own - round)]);
      lane.recv(ring.from, track[ring.chunk(ring.own - round - 1)]);
    }
    lane.wait();
  }
}

}  // namespace weft::collectives
