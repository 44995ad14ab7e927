#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "collectives/program.hpp"
#include "patterns/dispatchers/token_routing.hpp"

namespace weft {

/// What a dispatcher is to move: one layer's tokens to their experts, or the experts' results back.
struct Exchange {
  std::shared_ptr<const TokenRouting> routing;
  int ranks_per_node = 1;  ///< ranks of a node are neighbours
  Bytes token_bytes = 0;   ///< of one copy on the wire
  bool notify = true;      ///< dispatch: with the counts that the receivers need first; a cached one knows them

  int ranks() const { return routing->ranks(); }
};

/// A copy of a token in a rank's result of the dispatch, which is its input of the combine.
struct ArrivingCopy {
  int source = 0;
  std::uint64_t token = 0;
  int expert = -1;   ///< -1: the copy serves all experts of the token on this rank
  Bytes offset = 0;  ///< in the buffer
};

/// A way to bring tokens to experts and their results back. Adding one: a file with `TokenDispatcher name()` and a line
/// in patterns/dispatchers/CMakeLists.txt.
///
/// Both programs begin and end alike, whoever writes them. Dispatch: `in` holds this rank's tokens in order, `out` the
/// copies where arrivals() says. Combine: `in` holds a result for every arrival, `out` gets for every token of this
/// rank the sum of the results of its copies, whose bytes are added up as bf16 whatever format they stand for. Weights
/// are applied where the experts are, as DeepSeek-V3 does. What else is sent (counts) lies at the end of `in` and
/// `out`.
struct TokenDispatcher {
  std::string name;
  std::string summary;
  /// Bytes that a dispatch sends with each copy besides the token, `cached` where the receivers know the routing.
  Bytes (*metadata_bytes)(std::uint64_t top_k, bool cached);
  /// Empty, or why it cannot serve the exchange.
  std::string (*refuses)(const Exchange&);
  std::vector<ArrivingCopy> (*arrivals)(const Exchange&, int rank);
  /// Bytes of counts that the rank gets at the end of `out`, where the exchange has them.
  Bytes (*counts)(const Exchange&, int rank);
  Program (*dispatch)(const Exchange&, int rank);
  Program (*combine)(const Exchange&, int rank);
  /// What the rank sends to others, by the formula.
  Bytes (*dispatch_bytes)(const Exchange&, int rank);
  Bytes (*combine_bytes)(const Exchange&, int rank);

  std::string key() const { return name; }
};

/// An empty program of this rank for tokens of this type.
Program empty_program(const Exchange& exchange, int rank, Datatype dtype);

/// The place of a rank's token in a buffer of its tokens in order.
Region token_at(const Exchange& exchange, Space space, std::uint64_t token);

/// The places of one rank among nodes.
struct NodePlaces {
  NodePlaces(const Exchange& exchange, int rank)
      : per_node(exchange.ranks_per_node),
        count(exchange.ranks() / per_node),
        node(rank / per_node),
        index(rank % per_node) {}

  int rank_at(int of_node, int of_index) const { return of_node * per_node + of_index; }
  /// The rank of this index in another node, and the neighbour of that index in this one.
  int counterpart(int of_node) const { return rank_at(of_node, index); }
  int neighbour(int of_index) const { return rank_at(node, of_index); }

  int per_node, count, node, index;
};

/// Empty where the ranks are whole nodes, else why not.
std::string refuse_broken_nodes(const Exchange& exchange);

/// The others of `count` peers, in the order in which peer `own` sends to them: the next one first. Were it the same
/// order for all, all would send to one port at a time.
std::vector<int> send_order(int own, int count);

/// Hands out places in a buffer, one after another.
class Cursor {
 public:
  explicit Cursor(Space space, Bytes at = 0) : space_(space), at_(at) {}
  Region next(Bytes bytes) {
    const Region region{space_, at_, bytes};
    at_ += bytes;
    return region;
  }
  Bytes at() const { return at_; }

 private:
  Space space_;
  Bytes at_;
};

/// Adds up the copies of one token: the first is copied, the others are added.
class Sum {
 public:
  Sum(Lane& lane, Region into) : lane_(lane), into_(into) {}
  void add(Region from) {
    if (first_)
      lane_.copy(into_, from);
    else
      lane_.reduce(into_, from);
    first_ = false;
  }

 private:
  Lane& lane_;
  Region into_;
  bool first_ = true;
};

}  // namespace weft
