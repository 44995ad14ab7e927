// Pangu Ultra MoE's dispatcher (arXiv 2505.04519): an all-gather brings all tokens to the rank of the same index in
// every node, and an all-to-all inside the node takes them from there to their experts, a copy for each. Combine is the
// reverse: results are added up where the tokens were gathered, and a reduce-scatter between nodes brings the sums
// home.
//
// With T tokens a rank and N nodes, a rank r = (a, i) sends, with c(r, s) the pairs of rank r on rank s: dispatch T (N
// - 1), and for all nodes b sum over j != i of c((b, i), (a, j)); combine for all nodes b sum over j != i of c((b, j),
// r), and T (N - 1); times the token's bytes. The all-gather of counts and the probabilities are left out, as in flat.
#include "patterns/dispatchers/registry.hpp"

namespace weft::dispatchers::node_all_gather {

namespace {

Bytes metadata_bytes(std::uint64_t /*top_k*/, bool /*cached*/) { return 0; }

/// Who gathers whose tokens, and sends them on to whom.
struct Gathering : NodePlaces {
  Gathering(const Exchange& of, int rank)
      : NodePlaces(of, rank), exchange(of), block(of.routing->tokens() * of.token_bytes) {}

  /// Pairs that the rank of `through`'s index in this node hands to the neighbour `to`: of all its counterparts.
  std::uint64_t count_handed(int through, int to) const {
    std::uint64_t sum = 0;
    for (int from = 0; from < count; ++from)
      sum += exchange.routing->count_copies(rank_at(from, through), neighbour(to));
    return sum;
  }
  Bytes handed_bytes(int through, int to) const { return count_handed(through, to) * exchange.token_bytes; }

  Bytes between_nodes() const { return static_cast<Bytes>(count - 1) * block; }

  const Exchange& exchange;
  Bytes block;  ///< all tokens of a rank
};

/// Calls use(source node, source, token, copy) for the pairs of the tokens that `through` gathers in this node, in the
/// order in which they lie in every block that it hands on, and comes back.
template <typename Use>
void for_each_handed(const Gathering& places, int through, Use use) {
  const TokenRouting& routing = *places.exchange.routing;
  for (int from = 0; from < places.count; ++from) {
    const int source = places.rank_at(from, through);
    for (std::uint64_t token = 0; token < routing.tokens(); ++token)
      for (const TokenRouting::Copy& copy : routing.copies(source, token))
        if (copy.rank / places.per_node == places.node) use(from, source, token, copy);
  }
}

std::vector<ArrivingCopy> arrivals(const Exchange& exchange, int rank) {
  const Gathering places(exchange, rank);
  std::vector<ArrivingCopy> all;
  Cursor out(Space::out);
  for (int through = 0; through < places.per_node; ++through)
    for_each_handed(places, through, [&](int, int source, std::uint64_t token, const TokenRouting::Copy& copy) {
      if (copy.rank == rank) all.push_back({source, token, copy.expert, out.next(exchange.token_bytes).offset});
    });
  return all;
}

/// All tokens of this rank's counterparts, by node; its own are where they are.
std::vector<Region> gather(const Gathering& places, Cursor& scratch, Lane& lane) {
  const Region mine{Space::in, 0, places.block};
  std::vector<Region> blocks;
  for (int node = 0; node < places.count; ++node) {
    blocks.push_back(node == places.node ? mine : scratch.next(places.block));
    if (node != places.node) lane.recv(places.counterpart(node), blocks.back());
  }
  for (const int node : send_order(places.node, places.count)) lane.send(places.counterpart(node), mine);
  lane.wait();
  return blocks;
}

Program dispatch(const Exchange& exchange, int rank) {
  const Gathering places(exchange, rank);
  Program program = empty_program(exchange, rank, Datatype::fp8);
  Lane lane("dispatch");
  Cursor scratch(Space::scratch);
  Cursor out(Space::out);
  const std::vector<Region> gathered = gather(places, scratch, lane);
  std::vector<Region> permuted;  // by neighbour; this rank hands to itself too
  for (int index = 0; index < places.per_node; ++index) {
    const Region arriving = out.next(places.handed_bytes(index, places.index));
    const bool own = index == places.index;
    if (!own) lane.recv(places.neighbour(index), arriving);
    permuted.push_back(own ? arriving : scratch.next(places.handed_bytes(places.index, index)));
  }
  std::vector<Cursor> ends;
  for (const Region& block : permuted) ends.emplace_back(block.space, block.offset);
  for_each_handed(places, places.index, [&](int from, int, std::uint64_t token, const TokenRouting::Copy& copy) {
    lane.copy(ends[static_cast<std::size_t>(copy.rank % places.per_node)].next(exchange.token_bytes),
              gathered[static_cast<std::size_t>(from)].part(token * exchange.token_bytes, exchange.token_bytes));
  });
  for (const int index : send_order(places.index, places.per_node))
    lane.send(places.neighbour(index), permuted[static_cast<std::size_t>(index)]);
  lane.wait();
  program.in_bytes = places.block;
  program.out_bytes = out.at();
  program.scratch_bytes = scratch.at();
  program.lanes.push_back(std::move(lane));
  return program;
}

/// The sums in this node of the results of its counterparts' tokens, a block for each node, with room for all tokens:
/// what has no expert here is sent too, since the collective's blocks are equal, and nobody reads it.
std::vector<Region> sums_of_node(const Gathering& places, Cursor& scratch, Program& program, Lane& lane) {
  const Bytes bytes = places.exchange.token_bytes;
  Cursor in(Space::in);
  std::vector<Region> mine;   // by neighbour
  std::vector<Cursor> parts;  // the same
  for (int index = 0; index < places.per_node; ++index) {
    mine.push_back(in.next(places.handed_bytes(index, places.index)));
    const bool own = index == places.index;
    const Region theirs = own ? mine.back() : scratch.next(places.handed_bytes(places.index, index));
    if (!own) lane.recv(places.neighbour(index), theirs);
    parts.emplace_back(theirs.space, theirs.offset);
  }
  for (const int index : send_order(places.index, places.per_node))
    lane.send(places.neighbour(index), mine[static_cast<std::size_t>(index)]);
  lane.wait();
  std::vector<Region> blocks;
  std::vector<Sum> sums;  // of all tokens, node by node
  for (int node = 0; node < places.count; ++node) {
    blocks.push_back(scratch.next(places.block));
    for (Bytes at = 0; at < places.block; at += bytes) sums.emplace_back(lane, blocks.back().part(at, bytes));
  }
  const std::uint64_t tokens = places.exchange.routing->tokens();
  for_each_handed(places, places.index, [&](int from, int, std::uint64_t token, const TokenRouting::Copy& copy) {
    sums[static_cast<std::size_t>(from) * tokens + token].add(
        parts[static_cast<std::size_t>(copy.rank % places.per_node)].next(bytes));
  });
  program.in_bytes = in.at();
  return blocks;
}

Program combine(const Exchange& exchange, int rank) {
  const Gathering places(exchange, rank);
  const TokenRouting& routing = *exchange.routing;
  Program program = empty_program(exchange, rank, Datatype::bf16);
  Lane lane("combine");
  Cursor scratch(Space::scratch);
  const std::vector<Region> sums = sums_of_node(places, scratch, program, lane);
  std::vector<Region> returned = sums;  // by node; its own are where they are
  for (int node = 0; node < places.count; ++node) {
    if (node == places.node) continue;
    returned[static_cast<std::size_t>(node)] = scratch.next(places.block);
    lane.recv(places.counterpart(node), returned[static_cast<std::size_t>(node)]);
  }
  for (const int node : send_order(places.node, places.count))
    lane.send(places.counterpart(node), sums[static_cast<std::size_t>(node)]);
  lane.wait();
  for (std::uint64_t token = 0; token < routing.tokens(); ++token) {
    Sum sum(lane, token_at(exchange, Space::out, token));
    for (int node = 0; node < places.count; ++node)
      if (reaches(routing.copies(rank, token), places.rank_at(node, 0), places.rank_at(node + 1, 0)))
        sum.add(returned[static_cast<std::size_t>(node)].part(token * exchange.token_bytes, exchange.token_bytes));
  }
  program.out_bytes = places.block;
  program.scratch_bytes = scratch.at();
  program.lanes.push_back(std::move(lane));
  return program;
}

Bytes counts(const Exchange&, int) { return 0; }

Bytes dispatch_bytes(const Exchange& exchange, int rank) {
  const Gathering places(exchange, rank);
  Bytes sum = places.between_nodes();
  for (int to = 0; to < places.per_node; ++to)
    if (to != places.index) sum += places.handed_bytes(places.index, to);
  return sum;
}

Bytes combine_bytes(const Exchange& exchange, int rank) {
  const Gathering places(exchange, rank);
  Bytes sum = places.between_nodes();
  for (int through = 0; through < places.per_node; ++through)
    if (through != places.index) sum += places.handed_bytes(through, places.index);
  return sum;
}

}  // namespace

TokenDispatcher entry() {
  return {.name = "node_all_gather",
          .summary = "all tokens to every node, then a copy for each expert inside (Pangu Ultra MoE)",
          .metadata_bytes = metadata_bytes,
          .refuses = refuse_broken_nodes,
          .arrivals = arrivals,
          .counts = counts,
          .dispatch = dispatch,
          .combine = combine,
          .dispatch_bytes = dispatch_bytes,
          .combine_bytes = combine_bytes};
}

}  // namespace weft::dispatchers::node_all_gather
