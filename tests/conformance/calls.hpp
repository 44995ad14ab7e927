#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "collectives/registry.hpp"
#include "collectives/summands.hpp"
#include "collectives/verify.hpp"

namespace weft {

/// A matrix of up to `count` elements per pair, some pairs empty; symmetric, as a call in place needs it, or not.
inline std::shared_ptr<const TrafficMatrix> some_matrix(int ranks, std::uint64_t count, Bytes element, bool symmetric) {
  const auto n = static_cast<std::size_t>(ranks);
  auto matrix = std::make_shared<TrafficMatrix>(n * n);
  for (std::size_t a = 0; a < n; ++a)
    for (std::size_t b = 0; b < n; ++b) {
      const std::uint64_t draw = mix(symmetric ? std::max(a, b) * n + std::min(a, b) : a * n + b);
      (*matrix)[a * n + b] = draw % 4 == 0 ? 0 : draw % (count + 1) * element;
    }
  return matrix;
}

/// The calls of one collective that differ in more than size and type: in place or not, other roots, both directions.
inline std::vector<Call> variants(Collective collective, int ranks, std::uint64_t count, Datatype dtype) {
  Call call;
  call.collective = collective;
  call.ranks = ranks;
  call.count = count;
  call.dtype = dtype;
  if (collective == Collective::all_to_allv) call.matrix = some_matrix(ranks, count, call.element(), false);
  std::vector<Call> calls;
  calls.push_back(call);
  if (has_in_place(collective)) {
    Call in_place = call;
    in_place.in_place = true;
    if (call.matrix != nullptr) in_place.matrix = some_matrix(ranks, count, call.element(), true);
    calls.push_back(in_place);
  }
  if (collective == Collective::broadcast && ranks > 1) {
    Call elsewhere = call;
    elsewhere.root = ranks / 2;
    calls.push_back(elsewhere);
  }
  if (collective == Collective::send_recv) {
    Call both_ways = call;
    both_ways.both_ways = true;
    calls.push_back(both_ways);
    Call across = both_ways;  // the first with the last, and so on; whoever is in the middle stays alone
    Pairing pairing(static_cast<std::size_t>(ranks));
    for (int rank = 0; rank < ranks; ++rank)
      pairing[static_cast<std::size_t>(rank)] = 2 * rank + 1 == ranks ? -1 : ranks - 1 - rank;
    across.pairing = std::make_shared<const Pairing>(pairing);
    calls.push_back(across);
  }
  return calls;
}

/// The same for an algorithm: on several nodes where it works by them.
inline std::vector<Call> variants(const Algorithm& algorithm, int ranks, std::uint64_t count, Datatype dtype) {
  std::vector<Call> calls;
  for (const std::shared_ptr<const Nodes>& nodes : nodes_to_check(algorithm, ranks))
    for (Call& call : variants(algorithm.collective, ranks, count, dtype)) {
      call.nodes = nodes;
      calls.push_back(std::move(call));
    }
  return calls;
}

/// "all_reduce/ring, 5 ranks, 7 x f32, in place"
inline std::string describe(const Algorithm& algorithm, const Call& call) {
  return fmt::format("{}, {} ranks, {} x {} {}{}{}{}{}{}", algorithm.key(), call.ranks, call.count, name_of(call.dtype),
                     name_of(call.op), call.in_place ? ", in place" : "", call.both_ways ? ", both ways" : "",
                     call.pairing != nullptr ? ", paired" : "",
                     call.root != 0 ? fmt::format(", root {}", call.root) : "",
                     call.nodes != nullptr ? fmt::format(", nodes {}", fmt::join(*call.nodes, " ")) : "");
}

/// A name that GoogleTest takes.
inline std::string test_name(std::string text) {
  for (char& c : text)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  return text;
}

}  // namespace weft
