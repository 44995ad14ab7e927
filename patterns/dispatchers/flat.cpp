// All-to-all-v of every (token, expert) pair, nothing spared where two experts share a rank: Megatron's all-to-all
// dispatcher. Tokens are permuted into a block for each rank, the blocks exchanged, and the results added up on return.
//
// A rank sends, with c(r, s) the pairs of rank r on rank s: dispatch sum over s != r of c(r, s), combine sum over s !=
// r of c(s, r), times the token's bytes. Megatron's all-gather of counts and its probabilities (4 bytes a pair) are
// left out.
#include "patterns/dispatchers/registry.hpp"

namespace weft::dispatchers::flat {

namespace {

Bytes metadata_bytes(std::uint64_t /*top_k*/, bool /*cached*/) { return 0; }

std::string refuses(const Exchange&) { return {}; }

std::vector<ArrivingCopy> arrivals(const Exchange& exchange, int rank) {
  std::vector<ArrivingCopy> all;
  Cursor out(Space::out);
  for (int source = 0; source < exchange.ranks(); ++source)
    for (std::uint64_t token = 0; token < exchange.routing->tokens(); ++token)
      for (const TokenRouting::Copy& copy : exchange.routing->copies(source, token))
        if (copy.rank == rank) all.push_back({source, token, copy.expert, out.next(exchange.token_bytes).offset});
  return all;
}

/// What goes between this rank and every peer in one direction, a block for each.
class Blocks {
 public:
  /// One after another from the cursor on, for the pairs that `pairs(peer)` counts.
  template <typename Pairs>
  Blocks(const Exchange& exchange, Cursor& cursor, Pairs pairs) {
    for (int peer = 0; peer < exchange.ranks(); ++peer)
      regions_.push_back(cursor.next(pairs(peer) * exchange.token_bytes));
  }
  const Region& operator[](int peer) const { return regions_[static_cast<std::size_t>(peer)]; }
  int peers() const { return static_cast<int>(regions_.size()); }

  void receive(Lane& lane, int rank) const {
    for (int peer = 0; peer < peers(); ++peer)
      if (peer != rank) lane.recv(peer, (*this)[peer]);
  }

  void send(Lane& lane, int rank) const {
    for (const int peer : send_order(rank, peers())) lane.send(peer, (*this)[peer]);
  }

  /// The beginnings of the blocks, the rank's own in those of `own`.
  std::vector<Cursor> places(int rank, const Blocks& own) const {
    std::vector<Cursor> all;
    for (int peer = 0; peer < peers(); ++peer) {
      const Region& block = (peer == rank ? own : *this)[peer];
      all.emplace_back(block.space, block.offset);
    }
    return all;
  }

 private:
  std::vector<Region> regions_;
};

/// The pairs that each peer has for this rank, and this rank for each peer but itself: they stay where they are.
auto from_peers(const TokenRouting& routing, int rank) {
  return [&routing, rank](int peer) { return routing.count_copies(peer, rank); };
}
auto to_peers(const TokenRouting& routing, int rank) {
  return [&routing, rank](int peer) { return peer == rank ? 0 : routing.count_copies(rank, peer); };
}

Program dispatch(const Exchange& exchange, int rank) {
  const TokenRouting& routing = *exchange.routing;
  Program program = empty_program(exchange, rank, Datatype::fp8);
  Cursor out(Space::out);
  Cursor scratch(Space::scratch);
  const Blocks arriving(exchange, out, from_peers(routing, rank));
  const Blocks permuted(exchange, scratch, to_peers(routing, rank));
  Lane lane("dispatch");
  arriving.receive(lane, rank);
  std::vector<Cursor> places = permuted.places(rank, arriving);
  for (std::uint64_t token = 0; token < routing.tokens(); ++token)
    for (const TokenRouting::Copy& copy : routing.copies(rank, token))
      lane.copy(places[static_cast<std::size_t>(copy.rank)].next(exchange.token_bytes),
                token_at(exchange, Space::in, token));
  permuted.send(lane, rank);
  lane.wait();
  program.in_bytes = routing.tokens() * exchange.token_bytes;
  program.out_bytes = out.at();
  program.scratch_bytes = scratch.at();
  program.lanes.push_back(std::move(lane));
  return program;
}

Program combine(const Exchange& exchange, int rank) {
  const TokenRouting& routing = *exchange.routing;
  Program program = empty_program(exchange, rank, Datatype::bf16);
  Cursor in(Space::in);
  Cursor scratch(Space::scratch);
  const Blocks results(exchange, in, from_peers(routing, rank));
  const Blocks returned(exchange, scratch, to_peers(routing, rank));
  Lane lane("combine");
  returned.receive(lane, rank);
  results.send(lane, rank);
  lane.wait();
  std::vector<Cursor> places = returned.places(rank, results);
  for (std::uint64_t token = 0; token < routing.tokens(); ++token) {
    Sum sum(lane, token_at(exchange, Space::out, token));
    for (const TokenRouting::Copy& copy : routing.copies(rank, token))
      sum.add(places[static_cast<std::size_t>(copy.rank)].next(exchange.token_bytes));
  }
  program.in_bytes = in.at();
  program.out_bytes = routing.tokens() * exchange.token_bytes;
  program.scratch_bytes = scratch.at();
  program.lanes.push_back(std::move(lane));
  return program;
}

Bytes counts(const Exchange&, int) { return 0; }

Bytes dispatch_bytes(const Exchange& exchange, int rank) {
  const TokenRouting& routing = *exchange.routing;
  const auto pairs = routing.tokens() * static_cast<std::uint64_t>(routing.top_k());
  return (pairs - routing.count_copies(rank, rank)) * exchange.token_bytes;
}

Bytes combine_bytes(const Exchange& exchange, int rank) {
  return exchange.routing->count_copies_of_others(rank) * exchange.token_bytes;
}

}  // namespace

TokenDispatcher entry() {
  return {.name = "flat",
          .summary = "all-to-all-v of every token and expert (Megatron)",
          .metadata_bytes = metadata_bytes,
          .refuses = refuses,
          .arrivals = arrivals,
          .counts = counts,
          .dispatch = dispatch,
          .combine = combine,
          .dispatch_bytes = dispatch_bytes,
          .combine_bytes = combine_bytes};
}

}  // namespace weft::dispatchers::flat
