#include "collectives/payload.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "collectives/layout.hpp"
#include "collectives/payload_stream.hpp"
#include "collectives/summands.hpp"

namespace weft {

namespace {

constexpr int kPoison = 0xA5;  // 165 is no result of a reduction in any type; as random bytes it hits 1 in 256

bool reduces(const Call& call) {
  return call.collective == Collective::all_reduce || call.collective == Collective::reduce_scatter;
}

/// The stream that the block from `from` to `to` carries: what everybody gets alike does not depend on the receiver.
PayloadStream stream(const Call& call, std::uint64_t salt, int from, int to) {
  const bool personal = call.collective == Collective::all_to_all || call.collective == Collective::all_to_allv;
  return {salt, static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(personal ? to : -1)};
}

std::byte* at(const Buffers& buffers, Region region) {
  return (region.space == Space::in ? buffers.in : buffers.out) + region.offset;
}

/// What this rank sends, block by block: calls use(region, receiver).
template <typename Use>
void for_each_sent(const Call& call, Use use) {
  const Region input = collectives::input_of(call);
  if (call.collective == Collective::all_to_allv) {
    const std::vector<Region> regions = collectives::regions_to_peers(call, input);
    for (int peer = 0; peer < call.ranks; ++peer) use(regions[static_cast<std::size_t>(peer)], peer);
  } else if (call.collective == Collective::all_to_all) {
    const collectives::Blocks blocks(input, call.ranks);
    for (int peer = 0; peer < call.ranks; ++peer) use(blocks[peer], peer);
  } else if (call.collective != Collective::broadcast || call.rank == call.root) {
    use(input, call.rank);
  }
}

/// What this rank must have at the end, block by block: calls use(region, sender).
template <typename Use>
void for_each_received(const Call& call, Use use) {
  const Region output = collectives::output_of(call);
  if (call.collective == Collective::all_to_allv) {
    const std::vector<Region> regions = collectives::regions_from_peers(call);
    for (int peer = 0; peer < call.ranks; ++peer) use(regions[static_cast<std::size_t>(peer)], peer);
  } else if (call.collective == Collective::all_to_all || call.collective == Collective::all_gather) {
    const collectives::Blocks blocks(output, call.ranks);
    for (int peer = 0; peer < call.ranks; ++peer) use(blocks[peer], peer);
  } else if (call.collective == Collective::broadcast) {
    use(output, call.root);
  } else if (call.partner() >= 0) {
    use(output, call.partner());
  }
}

}  // namespace

void fill_payload(const Call& call, const Buffers& buffers, std::uint64_t salt) {
  if (call.out_bytes() > 0) std::memset(buffers.out, kPoison, call.out_bytes());
  if (collectives::input_of(call).bytes == 0) return;
  if (reduces(call)) {
    Summands(call, salt).fill(at(buffers, collectives::input_of(call)));
    return;
  }
  for_each_sent(call, [&](Region region, int receiver) {
    stream(call, salt, call.rank, receiver).fill(at(buffers, region), region.bytes);
  });
}

std::uint64_t count_wrong(const Call& call, const Buffers& buffers, std::uint64_t salt) {
  if (call.out_bytes() == 0) return 0;
  if (reduces(call)) return Summands(call, salt).count_wrong(buffers.out);
  std::uint64_t wrong = 0;
  for_each_received(call, [&](Region region, int sender) {
    wrong += stream(call, salt, sender, call.rank).count_wrong(at(buffers, region), region.bytes, call.element());
  });
  return wrong;
}

}  // namespace weft
