#include "collectives/two_level_exchange.hpp"

#include "collectives/layout.hpp"
#include "collectives/two_level.hpp"
#include "collectives/windows.hpp"

namespace weft::collectives {

namespace {

std::size_t at(int number) { return static_cast<std::size_t>(number); }

/// Blocks one after another, so that they are one message.
struct Pack {
  Region whole;
  std::vector<Region> blocks;
};

/// Room for `number` blocks, of `bytes_of(i)` each.
template <typename BytesOf>
Pack reserve_pack(Program& program, int number, BytesOf bytes_of) {
  Bytes bytes = 0;
  for (int i = 0; i < number; ++i) bytes += bytes_of(i);
  Pack pack{reserve(program, bytes), {}};
  Bytes offset = 0;
  for (int i = 0; i < number; ++i) {
    pack.blocks.push_back(pack.whole.part(offset, bytes_of(i)));
    offset += bytes_of(i);
  }
  return pack;
}

/// The blocks where they are wanted if they follow each other there, else room for them.
Pack landing_pack(Program& program, const std::vector<Region>& wanted) {
  Bytes bytes = 0;
  bool in_order = true;
  for (const Region& block : wanted) {
    in_order = in_order && block.offset == wanted.front().offset + bytes;
    bytes += block.bytes;
  }
  if (in_order) return {{wanted.front().space, wanted.front().offset, bytes}, wanted};
  return reserve_pack(program, static_cast<int>(wanted.size()), [&](int i) { return wanted[at(i)].bytes; });
}

class TwoLevelExchange {
 public:
  TwoLevelExchange(const Call& call, Program& program, Lane& lane)
      : call_(call),
        grid_(call),
        program_(program),
        lane_(lane),
        from_(regions_to_peers(call, input_of(call))),
        to_(regions_from_peers(call)) {}

  void write() {
    reserve_packs();
    exchange_inside();
    exchange_between();
  }

 private:
  void reserve_packs() {
    const auto rank_beside = [&](int index) { return grid_.rank_of(grid_.node(), index); };
    const auto rank_across = [&](int node) { return grid_.rank_of(node, grid_.index()); };
    for (int index = 0; index < grid_.per_node(); ++index) {
      const bool self = index == grid_.index();
      packed_.push_back(reserve_pack(program_, self ? 0 : grid_.nodes(), [&](int node) {
        return call_.bytes_between(call_.rank, grid_.rank_of(node, index));
      }));
      arrived_.push_back(reserve_pack(program_, self ? 0 : grid_.nodes(), [&](int node) {
        return call_.bytes_between(rank_beside(index), rank_across(node));
      }));
    }
    for (int node = 0; node < grid_.nodes(); ++node) {
      const bool self = node == grid_.node();
      gathered_.push_back(reserve_pack(program_, self ? 0 : grid_.per_node(), [&](int index) {
        return call_.bytes_between(rank_beside(index), rank_across(node));
      }));
      std::vector<Region> wanted;
      for (int index = 0; index < grid_.per_node(); ++index) wanted.push_back(to_[at(grid_.rank_of(node, index))]);
      landing_.push_back(self ? Pack{} : landing_pack(program_, wanted));
    }
  }

  /// Where what the rank of this index in the own node has for the ranks of the own index lies until it goes on.
  Region resting(int node, int index) const {
    return node == grid_.node() ? to_[at(grid_.rank_of(node, index))] : gathered_[at(node)].blocks[at(index)];
  }

  // In place all of the input is packed before the first block is written to `out`.
  void exchange_inside() {
    for (int index = 0; index < grid_.per_node(); ++index)
      for (int node = 0; node < grid_.nodes() && index != grid_.index(); ++node)
        lane_.copy(packed_[at(index)].blocks[at(node)], from_[at(grid_.rank_of(node, index))]);
    exchange_in_windows(
        lane_, grid_.per_node(), grid_.index(),
        [&](int index) { lane_.recv(grid_.rank_of(grid_.node(), index), arrived_[at(index)].whole); },
        [&](int index) { lane_.send(grid_.rank_of(grid_.node(), index), packed_[at(index)].whole); },
        [&] {
          for (int node = 0; node < grid_.nodes(); ++node)
            lane_.copy(resting(node, grid_.index()), from_[at(grid_.rank_of(node, grid_.index()))]);
        });
    for (int index = 0; index < grid_.per_node(); ++index)
      for (int node = 0; node < grid_.nodes() && index != grid_.index(); ++node)
        lane_.copy(resting(node, index), arrived_[at(index)].blocks[at(node)]);
  }

  void exchange_between() {
    exchange_in_windows(
        lane_, grid_.nodes(), grid_.node(),
        [&](int node) { lane_.recv(grid_.rank_of(node, grid_.index()), landing_[at(node)].whole); },
        [&](int node) { lane_.send(grid_.rank_of(node, grid_.index()), gathered_[at(node)].whole); }, [] {});
    for (int node = 0; node < grid_.nodes(); ++node)
      for (int index = 0; index < grid_.per_node() && node != grid_.node(); ++index)
        lane_.copy(to_[at(grid_.rank_of(node, index))], landing_[at(node)].blocks[at(index)]);
  }

  const Call& call_;
  const NodeGrid grid_;
  Program& program_;
  Lane& lane_;
  const std::vector<Region> from_;  // by rank
  const std::vector<Region> to_;    // by rank
  std::vector<Pack> packed_;        // by index: for each node what goes to the rank of this index there
  std::vector<Pack> arrived_;       // by index: for each node what the rank of this index has for the own index there
  std::vector<Pack> gathered_;      // by node: what the own node's ranks have for the rank of the own index there
  std::vector<Pack> landing_;       // by node: what the ranks there have for this one
};

}  // namespace

void exchange_in_two_levels(const Call& call, Program& program, Lane& lane) {
  TwoLevelExchange(call, program, lane).write();
}

}  // namespace weft::collectives
