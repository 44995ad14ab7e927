// DeepEP's normal kernels, node by node: one copy of a token for each node that it goes to, sent to the rank of the
// same index there, which forwards one copy to each rank of its node that hosts one of the token's experts. Before, a
// notify phase tells how many tokens come. Combine is the reverse: results are added up in the node where they are,
// then one a node is sent back and added up.
//
// A rank r = (a, i) sends, with n(r, b) its tokens that go to node b and c(r, s) those that go to rank s, L ranks a
// node: dispatch sum over b != a of n(r, b), and for all nodes b sum over j != i of c((b, i), (a, j)); combine sum over
// the j != i of all that (a, j) forwarded to r, and for b != a n((b, i), a); times the token's bytes, and 4-byte counts
// in front.
#include "patterns/dispatchers/registry.hpp"
#include "patterns/token_bytes.hpp"

namespace weft::dispatchers::hierarchical {

namespace {

constexpr Bytes kCount = 4;  // bytes

Bytes metadata_bytes(std::uint64_t top_k, bool cached) { return dispatch_metadata_bytes(cached ? 0 : top_k); }

/// What goes from node to node and from rank to rank.
struct Nodes : NodePlaces {
  Nodes(const Exchange& of, int rank) : NodePlaces(of, rank), exchange(of) {}

  std::vector<std::uint64_t> tokens_to_node(int source, int of_node) const {
    return exchange.routing->tokens_to(source, of_node * per_node, (of_node + 1) * per_node);
  }
  std::uint64_t count_to_node(int source, int of_node) const {
    return exchange.routing->count_tokens_to(source, of_node * per_node, (of_node + 1) * per_node);
  }
  /// Tokens that the rank of `through`'s index in this node hands to the neighbour `to`: those of its counterparts.
  std::uint64_t count_forwarded(int through, int to) const {
    std::uint64_t sum = 0;
    for (int from = 0; from < count; ++from)
      sum += exchange.routing->count_tokens_to(rank_at(from, through), neighbour(to), neighbour(to) + 1);
    return sum;
  }

  const Exchange& exchange;
};

std::vector<ArrivingCopy> arrivals(const Exchange& exchange, int rank) {
  const Nodes nodes(exchange, rank);
  std::vector<ArrivingCopy> all;
  Cursor out(Space::out);
  for (int through = 0; through < nodes.per_node; ++through)
    for (int from = 0; from < nodes.count; ++from) {
      const int source = nodes.rank_at(from, through);
      for (const std::uint64_t token : exchange.routing->tokens_to(source, rank, rank + 1))
        all.push_back({source, token, -1, out.next(exchange.token_bytes).offset});
    }
  return all;
}

/// The experts on the ranks from `first` to before `end`.
std::uint64_t experts_on(const TokenRouting& routing, int first, int end) {
  return static_cast<std::uint64_t>(routing.end_expert(end - 1) - routing.first_expert(first));
}

/// Bytes of the counts that every counterpart of a rank sends it: one for each rank and expert of the node, and one for
/// all; and of those that every neighbour sends it: for each node, for each expert of the rank, and for all.
Bytes node_counts(const Nodes& nodes, int node) {
  const int first = nodes.rank_at(node, 0);
  return kCount *
         (static_cast<Bytes>(nodes.per_node) + experts_on(*nodes.exchange.routing, first, first + nodes.per_node) + 1);
}
Bytes rank_counts(const Nodes& nodes, int rank) {
  return kCount * (static_cast<Bytes>(nodes.count) + experts_on(*nodes.exchange.routing, rank, rank + 1) + 1);
}

/// Tells every counterpart and then every neighbour its counts, which lie behind what else is in `in` and `out`.
void notify(const Nodes& nodes, Program& program, Lane& lane) {
  Cursor in(Space::in, program.in_bytes);
  Cursor out(Space::out, program.out_bytes);
  for (const int node : send_order(nodes.node, nodes.count)) {
    lane.recv(nodes.counterpart(node), out.next(node_counts(nodes, nodes.node)));
    lane.send(nodes.counterpart(node), in.next(node_counts(nodes, node)));
  }
  lane.wait();
  for (const int index : send_order(nodes.index, nodes.per_node)) {
    lane.recv(nodes.neighbour(index), out.next(rank_counts(nodes, program.rank)));
    lane.send(nodes.neighbour(index), in.next(rank_counts(nodes, nodes.neighbour(index))));
  }
  lane.wait();
  program.in_bytes = in.at();
  program.out_bytes = out.at();
}

/// A token that goes to ranks of this node, where the rank that forwards it has it.
struct Gathered {
  int source;
  std::uint64_t token;
  Region region;
};

/// Phase 1: one copy for each node. Gives what came for this one, one source node after another.
std::vector<Gathered> across_nodes(const Nodes& nodes, int rank, Cursor& scratch, Lane& lane) {
  const Exchange& exchange = nodes.exchange;
  std::vector<Gathered> gathered;
  for (int node = 0; node < nodes.count; ++node) {
    const int source = nodes.counterpart(node);
    const std::vector<std::uint64_t> tokens = nodes.tokens_to_node(source, nodes.node);
    if (node != nodes.node) lane.recv(source, {Space::scratch, scratch.at(), tokens.size() * exchange.token_bytes});
    for (const std::uint64_t token : tokens)
      gathered.push_back(
          {source, token,
           node == nodes.node ? token_at(exchange, Space::in, token) : scratch.next(exchange.token_bytes)});
  }
  for (const int node : send_order(nodes.node, nodes.count)) {
    const Bytes first = scratch.at();
    for (const std::uint64_t token : nodes.tokens_to_node(rank, node))
      lane.copy(scratch.next(exchange.token_bytes), token_at(exchange, Space::in, token));
    lane.send(nodes.counterpart(node), {Space::scratch, first, scratch.at() - first});
  }
  lane.wait();
  return gathered;
}

/// Phase 2: one copy for each rank of the node.
void within_node(const Nodes& nodes, const std::vector<Gathered>& gathered, Cursor& scratch, Lane& lane) {
  const Exchange& exchange = nodes.exchange;
  Cursor out(Space::out);
  Cursor own(Space::out);  // this rank forwards to itself too
  for (int through = 0; through < nodes.per_node; ++through) {
    const Region block = out.next(nodes.count_forwarded(through, nodes.index) * exchange.token_bytes);
    if (through == nodes.index)
      own = Cursor(Space::out, block.offset);
    else
      lane.recv(nodes.neighbour(through), block);
  }
  const auto gather = [&](int index, Cursor& into) {
    const int to = nodes.neighbour(index);
    const Bytes first = into.at();
    for (const Gathered& token : gathered)
      if (reaches(exchange.routing->copies(token.source, token.token), to, to + 1))
        lane.copy(into.next(exchange.token_bytes), token.region);
    return first;
  };
  gather(nodes.index, own);
  for (const int index : send_order(nodes.index, nodes.per_node)) {
    const Bytes first = gather(index, scratch);
    lane.send(nodes.neighbour(index), {Space::scratch, first, scratch.at() - first});
  }
  lane.wait();
}

Program dispatch(const Exchange& exchange, int rank) {
  const Nodes nodes(exchange, rank);
  Program program = empty_program(exchange, rank, Datatype::fp8);
  program.in_bytes = exchange.routing->tokens() * exchange.token_bytes;
  Lane lane("dispatch");
  for (int through = 0; through < nodes.per_node; ++through)
    program.out_bytes += nodes.count_forwarded(through, nodes.index) * exchange.token_bytes;
  if (exchange.notify) notify(nodes, program, lane);
  Cursor scratch(Space::scratch);
  within_node(nodes, across_nodes(nodes, rank, scratch, lane), scratch, lane);
  program.scratch_bytes = scratch.at();
  program.lanes.push_back(std::move(lane));
  return program;
}

/// Phase 1 back: what the neighbours have of this rank's counterparts' tokens, added up, one sum a token.
std::vector<Region> sums_within_node(const Nodes& nodes, Cursor& scratch, Program& program, Lane& lane) {
  const Exchange& exchange = nodes.exchange;
  Cursor in(Space::in);
  std::vector<Region> mine;   // by neighbour
  std::vector<Cursor> parts;  // the same
  for (int index = 0; index < nodes.per_node; ++index) {
    mine.push_back(in.next(nodes.count_forwarded(index, nodes.index) * exchange.token_bytes));
    if (index == nodes.index) {
      parts.emplace_back(Space::in, mine.back().offset);
      continue;
    }
    const Region theirs = scratch.next(nodes.count_forwarded(nodes.index, index) * exchange.token_bytes);
    lane.recv(nodes.neighbour(index), theirs);
    parts.emplace_back(Space::scratch, theirs.offset);
  }
  for (const int index : send_order(nodes.index, nodes.per_node))
    lane.send(nodes.neighbour(index), mine[static_cast<std::size_t>(index)]);
  lane.wait();
  std::vector<Region> blocks;  // by node
  for (int node = 0; node < nodes.count; ++node) {
    const int source = nodes.counterpart(node);
    const Bytes first = scratch.at();
    for (const std::uint64_t token : nodes.tokens_to_node(source, nodes.node)) {
      Sum sum(lane, scratch.next(exchange.token_bytes));
      for (int index = 0; index < nodes.per_node; ++index)
        if (const int at = nodes.neighbour(index); reaches(exchange.routing->copies(source, token), at, at + 1))
          sum.add(parts[static_cast<std::size_t>(index)].next(exchange.token_bytes));
    }
    blocks.push_back({Space::scratch, first, scratch.at() - first});
  }
  program.in_bytes = in.at();
  return blocks;
}

Program combine(const Exchange& exchange, int rank) {
  const Nodes nodes(exchange, rank);
  Program program = empty_program(exchange, rank, Datatype::bf16);
  Lane lane("combine");
  Cursor scratch(Space::scratch);
  const std::vector<Region> blocks = sums_within_node(nodes, scratch, program, lane);
  std::vector<Cursor> parts;  // by node
  for (int node = 0; node < nodes.count; ++node) {
    const Region& own = blocks[static_cast<std::size_t>(node)];
    if (node == nodes.node) {
      parts.emplace_back(Space::scratch, own.offset);
      continue;
    }
    const Region theirs = scratch.next(nodes.count_to_node(rank, node) * exchange.token_bytes);
    lane.recv(nodes.counterpart(node), theirs);
    parts.emplace_back(Space::scratch, theirs.offset);
  }
  for (const int node : send_order(nodes.node, nodes.count))
    lane.send(nodes.counterpart(node), blocks[static_cast<std::size_t>(node)]);
  lane.wait();
  for (std::uint64_t token = 0; token < exchange.routing->tokens(); ++token) {
    Sum sum(lane, token_at(exchange, Space::out, token));
    for (int node = 0; node < nodes.count; ++node)
      if (reaches(exchange.routing->copies(rank, token), node * nodes.per_node, (node + 1) * nodes.per_node))
        sum.add(parts[static_cast<std::size_t>(node)].next(exchange.token_bytes));
  }
  program.out_bytes = exchange.routing->tokens() * exchange.token_bytes;
  program.scratch_bytes = scratch.at();
  program.lanes.push_back(std::move(lane));
  return program;
}

Bytes counts(const Exchange& exchange, int rank) {
  const Nodes nodes(exchange, rank);
  return static_cast<Bytes>(nodes.count - 1) * node_counts(nodes, nodes.node) +
         static_cast<Bytes>(nodes.per_node - 1) * rank_counts(nodes, rank);
}

Bytes dispatch_bytes(const Exchange& exchange, int rank) {
  const Nodes nodes(exchange, rank);
  std::uint64_t tokens = 0;
  Bytes notified = 0;
  for (int node = 0; node < nodes.count; ++node)
    if (node != nodes.node) {
      tokens += nodes.count_to_node(rank, node);
      notified += node_counts(nodes, node);
    }
  for (int to = 0; to < nodes.per_node; ++to)
    if (to != nodes.index) {
      tokens += nodes.count_forwarded(nodes.index, to);
      notified += rank_counts(nodes, nodes.neighbour(to));
    }
  return tokens * exchange.token_bytes + (exchange.notify ? notified : 0);
}

Bytes combine_bytes(const Exchange& exchange, int rank) {
  const Nodes nodes(exchange, rank);
  std::uint64_t tokens = 0;
  for (int through = 0; through < nodes.per_node; ++through)
    if (through != nodes.index) tokens += nodes.count_forwarded(through, nodes.index);
  for (int node = 0; node < nodes.count; ++node)
    if (node != nodes.node) tokens += nodes.count_to_node(nodes.counterpart(node), nodes.node);
  return tokens * exchange.token_bytes;
}

}  // namespace

TokenDispatcher entry() {
  return {.name = "hierarchical",
          .summary = "one copy for each node, forwarded inside (DeepEP normal)",
          .metadata_bytes = metadata_bytes,
          .refuses = refuse_broken_nodes,
          .arrivals = arrivals,
          .counts = counts,
          .dispatch = dispatch,
          .combine = combine,
          .dispatch_bytes = dispatch_bytes,
          .combine_bytes = combine_bytes};
}

}  // namespace weft::dispatchers::hierarchical
