#include "collectives/layout.hpp"

namespace weft::collectives {

namespace {

constexpr Bytes kAlignment = 64;  // a cache line, so that regions of scratch do not share one

}  // namespace

Region input_of(const Call& call) {
  if (!call.in_place) return {Space::in, 0, call.in_bytes()};
  if (call.collective == Collective::all_gather)
    return {Space::out, static_cast<Bytes>(call.rank) * call.block(), call.block()};
  return output_of(call);
}

Region output_of(const Call& call) { return {Space::out, 0, call.out_bytes()}; }

Region reserve(Program& program, Bytes bytes) {
  const Bytes offset = (program.scratch_bytes + kAlignment - 1) / kAlignment * kAlignment;
  program.scratch_bytes = offset + bytes;
  return {Space::scratch, offset, bytes};
}

Region input_apart(const Call& call, Program& program, Lane& lane) {
  const Region input = input_of(call);
  if (!call.in_place) return input;
  const Region apart = reserve(program, input.bytes);
  lane.copy(apart, input);
  return apart;
}

std::vector<Region> regions_to_peers(const Call& call, Region input) {
  std::vector<Region> regions;
  Bytes offset = 0;
  for (int peer = 0; peer < call.ranks; ++peer) {
    regions.push_back(input.part(offset, call.sent_to(peer)));
    offset += call.sent_to(peer);
  }
  return regions;
}

std::vector<Region> regions_from_peers(const Call& call) {
  std::vector<Region> regions;
  Bytes offset = 0;
  for (int peer = 0; peer < call.ranks; ++peer) {
    regions.push_back({Space::out, offset, call.received_from(peer)});
    offset += call.received_from(peer);
  }
  return regions;
}

int log2_ceil(int n) {
  int k = 0;
  while ((1 << k) < n) ++k;
  return k;
}

Pair pair_of_round(const Call& call, int round) {
  if ((call.ranks & (call.ranks - 1)) == 0) return {call.rank ^ round, call.rank ^ round};
  return {(call.rank + round) % call.ranks, (call.rank + call.ranks - round) % call.ranks};
}

Fold::Fold(const Call& call) {
  while (size_ * 2 <= call.ranks) {
    size_ *= 2;
    ++rounds_;
  }
  extra_ = call.ranks - size_;
  const bool paired = call.rank < 2 * extra_;
  aside_ = paired && call.rank % 2 == 0;
  stands_in_ = paired && call.rank % 2 == 1;
  if (!aside_) index_ = paired ? call.rank / 2 : call.rank - extra_;
}

Region Fold::blocks(const Blocks& all, int index, int length) const {
  const int first = index / length * length;
  return all.run(first_block(first), first_block(first + length) - first_block(first));
}

}  // namespace weft::collectives
