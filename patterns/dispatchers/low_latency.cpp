// DeepEP's low-latency kernels: every (token, expert) pair is a message of its own into a fixed slot of the expert, so
// that nothing has to be known beforehand but that there is room; one count (int32) for each expert and rank. Nothing
// is packed and nothing is spared. Results come back as they went, and are added up where the token came from.
//
// A rank sends, with c(r, s) the pairs of rank r on rank s and e(s) the experts of s: dispatch sum over s != r of
// c(r, s) token_bytes + 4 e(s), combine sum over s != r of c(s, r) token_bytes.
#include <functional>

#include "patterns/dispatchers/registry.hpp"
#include "patterns/token_bytes.hpp"

namespace weft::dispatchers::low_latency {

namespace {

constexpr Bytes kCount = 4;  // bytes

Bytes metadata_bytes(std::uint64_t /*top_k*/, bool /*cached*/) { return kLowLatencyHeader; }

std::string refuses(const Exchange&) { return {}; }

std::uint64_t experts_on(const TokenRouting& routing, int rank) {
  return static_cast<std::uint64_t>(routing.end_expert(rank) - routing.first_expert(rank));
}

/// A slot for every token of every rank at every expert of this one.
std::uint64_t slots(const TokenRouting& routing, int rank) {
  return experts_on(routing, rank) * static_cast<std::uint64_t>(routing.ranks()) * routing.tokens();
}

using UsePair = std::function<void(std::uint64_t token, int index, const TokenRouting::Copy& copy)>;

/// The pairs of `source`, in the order in which they are sent; `index` of a token's copies.
void for_each_pair(const TokenRouting& routing, int source, const UsePair& use) {
  for (std::uint64_t token = 0; token < routing.tokens(); ++token) {
    int index = 0;
    for (const TokenRouting::Copy& copy : routing.copies(source, token)) use(token, index++, copy);
  }
}

using UseArrival = std::function<void(std::uint64_t token, const TokenRouting::Copy& copy, Bytes offset)>;

/// The pairs of `source` at this rank's experts, in the order in which they are sent, and their slots.
void for_each_arrival(const Exchange& exchange, int source, int rank, const UseArrival& use) {
  const TokenRouting& routing = *exchange.routing;
  std::vector<std::uint64_t> taken(experts_on(routing, rank));
  for_each_pair(routing, source, [&](std::uint64_t token, int, const TokenRouting::Copy& copy) {
    if (copy.rank != rank) return;
    const auto expert = static_cast<std::uint64_t>(copy.expert - routing.first_expert(rank));
    const std::uint64_t first =
        (expert * static_cast<std::uint64_t>(routing.ranks()) + static_cast<std::uint64_t>(source)) * routing.tokens();
    use(token, copy, (first + taken[expert]++) * exchange.token_bytes);
  });
}

std::vector<ArrivingCopy> arrivals(const Exchange& exchange, int rank) {
  std::vector<ArrivingCopy> all;
  for (int source = 0; source < exchange.ranks(); ++source)
    for_each_arrival(exchange, source, rank, [&](std::uint64_t token, const TokenRouting::Copy& copy, Bytes offset) {
      all.push_back({source, token, copy.expert, offset});
    });
  return all;
}

/// This rank's counts of its tokens at each expert lie behind its tokens; those of every rank at its experts behind the
/// slots.
void exchange_counts(const Exchange& exchange, int rank, Program& program, Lane& lane) {
  const TokenRouting& routing = *exchange.routing;
  Cursor arriving(Space::out, program.out_bytes);
  for (int source = 0; source < exchange.ranks(); ++source)
    for (int expert = routing.first_expert(rank); expert < routing.end_expert(rank); ++expert) {
      const Region into = arriving.next(kCount);
      if (source != rank) lane.recv(source, into);
      if (source == rank) lane.copy(into, {Space::in, program.in_bytes + kCount * static_cast<Bytes>(expert), kCount});
    }
  const auto count_of = [&](int expert) {
    return Region{Space::in, program.in_bytes + kCount * static_cast<Bytes>(expert), kCount};
  };
  for (const int peer : send_order(rank, exchange.ranks()))
    for (int expert = routing.first_expert(peer); expert < routing.end_expert(peer); ++expert)
      lane.send(peer, count_of(expert));
  program.in_bytes += kCount * static_cast<Bytes>(routing.experts());
  program.out_bytes = arriving.at();
}

Program dispatch(const Exchange& exchange, int rank) {
  const TokenRouting& routing = *exchange.routing;
  const Bytes size = exchange.token_bytes;
  Program program = empty_program(exchange, rank, Datatype::fp8);
  program.in_bytes = routing.tokens() * size;
  program.out_bytes = slots(routing, rank) * size;
  Lane lane("dispatch");
  if (exchange.notify) exchange_counts(exchange, rank, program, lane);
  for (int source = 0; source < exchange.ranks(); ++source)
    for_each_arrival(exchange, source, rank, [&](std::uint64_t token, const TokenRouting::Copy&, Bytes offset) {
      const Region slot{Space::out, offset, size};
      if (source == rank)
        lane.copy(slot, token_at(exchange, Space::in, token));
      else
        lane.recv(source, slot);
    });
  for_each_pair(routing, rank, [&](std::uint64_t token, int, const TokenRouting::Copy& copy) {
    if (copy.rank != rank) lane.send(copy.rank, token_at(exchange, Space::in, token));
  });
  lane.wait();
  program.lanes.push_back(std::move(lane));
  return program;
}

Program combine(const Exchange& exchange, int rank) {
  const TokenRouting& routing = *exchange.routing;
  const Bytes size = exchange.token_bytes;
  const auto top_k = static_cast<std::uint64_t>(routing.top_k());
  Program program = empty_program(exchange, rank, Datatype::bf16);
  program.in_bytes = slots(routing, rank) * size;
  program.out_bytes = routing.tokens() * size;
  program.scratch_bytes = routing.tokens() * top_k * size;
  Lane lane("combine");
  std::vector<Region> results(routing.tokens() * top_k);  // of this rank's own tokens, as they come back
  std::vector<Bytes> own;
  for (int source = 0; source < exchange.ranks(); ++source)
    for_each_arrival(exchange, source, rank, [&](std::uint64_t, const TokenRouting::Copy&, Bytes offset) {
      if (source == rank) own.push_back(offset);
    });
  std::size_t mine = 0;
  for_each_pair(routing, rank, [&](std::uint64_t token, int index, const TokenRouting::Copy& copy) {
    const std::uint64_t at = token * top_k + static_cast<std::uint64_t>(index);
    results[at] = copy.rank == rank ? Region{Space::in, own[mine++], size} : Region{Space::scratch, at * size, size};
    if (copy.rank != rank) lane.recv(copy.rank, results[at]);
  });
  for (const int source : send_order(rank, exchange.ranks()))
    for_each_arrival(exchange, source, rank, [&](std::uint64_t, const TokenRouting::Copy&, Bytes offset) {
      lane.send(source, {Space::in, offset, size});
    });
  lane.wait();
  for (std::uint64_t token = 0; token < routing.tokens(); ++token) {
    Sum sum(lane, token_at(exchange, Space::out, token));
    for (std::uint64_t index = 0; index < top_k; ++index) sum.add(results[token * top_k + index]);
  }
  program.lanes.push_back(std::move(lane));
  return program;
}

Bytes counts(const Exchange& exchange, int rank) {
  return kCount * experts_on(*exchange.routing, rank) * static_cast<Bytes>(exchange.ranks());
}

Bytes dispatch_bytes(const Exchange& exchange, int rank) {
  const TokenRouting& routing = *exchange.routing;
  Bytes sum = 0;
  for (int peer = 0; peer < exchange.ranks(); ++peer)
    if (peer != rank)
      sum += routing.count_copies(rank, peer) * exchange.token_bytes +
             (exchange.notify ? kCount * experts_on(routing, peer) : 0);
  return sum;
}

Bytes combine_bytes(const Exchange& exchange, int rank) {
  return exchange.routing->count_copies_of_others(rank) * exchange.token_bytes;
}

}  // namespace

TokenDispatcher entry() {
  return {.name = "low_latency",
          .summary = "a message for every token and expert into fixed slots (DeepEP low latency)",
          .metadata_bytes = metadata_bytes,
          .refuses = refuses,
          .arrivals = arrivals,
          .counts = counts,
          .dispatch = dispatch,
          .combine = combine,
          .dispatch_bytes = dispatch_bytes,
          .combine_bytes = combine_bytes};
}

}  // namespace weft::dispatchers::low_latency
