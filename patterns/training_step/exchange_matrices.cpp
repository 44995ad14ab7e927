#include "patterns/training_step/exchange_matrices.hpp"

#include <utility>

#include "patterns/token_bytes.hpp"

namespace weft {

namespace {

constexpr Bytes kProbability = 4;

using Matrix = ExchangeMatrices::Matrix;

/// A square matrix of bytes; `tokens(from, to)` copies of `bytes` each.
template <typename Tokens>
Matrix matrix_of(int size, Bytes bytes, Tokens tokens) {
  auto matrix = std::make_shared<TrafficMatrix>();
  for (int from = 0; from < size; ++from)
    for (int to = 0; to < size; ++to) matrix->push_back(tokens(from, to) * bytes);
  return matrix;
}

/// Bytes of one copy on either hop.
struct CopyBytes {
  Bytes between = 0;
  Bytes inside = 0;
};

/// An exchange out to the experts, or back from them.
class HopBuilder {
 public:
  HopBuilder(const ExpertCounts& counts, Dispatcher dispatcher, bool back)
      : counts_(counts), dispatcher_(dispatcher), back_(back) {}

  ExchangeMatrices::Hops hops(CopyBytes bytes) const {
    ExchangeMatrices::Hops result;
    if (dispatcher_ == Dispatcher::flat || dispatcher_ == Dispatcher::low_latency) {
      result.whole = directed(counts_.ranks, bytes.inside, [&](int from, int to) { return copies(from, to); });
      return result;
    }
    const int per_node = counts_.ranks_per_node();
    for (int place = 0; place < per_node; ++place)
      result.between.push_back(directed(counts_.nodes, bytes.between,
                                        [&](int from, int to) { return to_node(from * per_node + place, to); }));
    for (int node = 0; node < counts_.nodes; ++node)
      result.inside.push_back(
          directed(per_node, bytes.inside, [&](int from, int to) { return forwarded(from, node * per_node + to); }));
    return result;
  }

 private:
  template <typename Tokens>
  Matrix directed(int size, Bytes bytes, Tokens tokens) const {
    if (back_) return matrix_of(size, bytes, [&](int from, int to) { return tokens(to, from); });
    return matrix_of(size, bytes, tokens);
  }

  std::uint64_t copies(int from, int to) const {
    return counts_.copies[static_cast<std::size_t>(from) * static_cast<std::size_t>(counts_.ranks) +
                          static_cast<std::size_t>(to)];
  }

  std::uint64_t to_node(int from, int node) const {
    if (dispatcher_ == Dispatcher::node_all_gather) return counts_.tokens[static_cast<std::size_t>(from)];
    return counts_.to_nodes[static_cast<std::size_t>(from) * static_cast<std::size_t>(counts_.nodes) +
                            static_cast<std::size_t>(node)];
  }

  /// What the ranks at one place of all nodes have for a rank: the rank at that place in its node passes it on.
  std::uint64_t forwarded(int place, int to) const {
    std::uint64_t sum = 0;
    for (int node = 0; node < counts_.nodes; ++node) {
      const int from = node * counts_.ranks_per_node() + place;
      const std::size_t at =
          static_cast<std::size_t>(from) * static_cast<std::size_t>(counts_.ranks) + static_cast<std::size_t>(to);
      sum += dispatcher_ == Dispatcher::node_all_gather ? counts_.copies[at] : counts_.to_ranks[at];
    }
    return sum;
  }

  const ExpertCounts& counts_;
  Dispatcher dispatcher_;
  bool back_;
};

}  // namespace

ExchangeMatrices exchange_matrices(const ParallelLayout& layout, const Model& model, const ExpertCounts& counts) {
  const Bytes out = token_bytes(layout.dispatch_format, model.hidden);
  const Bytes back = token_bytes(layout.combine_format, model.hidden);
  const bool flat = layout.dispatcher == Dispatcher::flat;
  const bool gathers = layout.dispatcher == Dispatcher::node_all_gather;
  const Bytes header = layout.dispatcher == Dispatcher::low_latency ? kLowLatencyHeader
                       : flat || gathers                            ? kProbability
                                                                    : 0;
  const bool by_node = layout.dispatcher == Dispatcher::hierarchical;
  const Bytes forward_metadata = by_node ? dispatch_metadata_bytes(model.top_k) : Bytes{0};
  const Bytes cached_metadata = by_node ? dispatch_metadata_bytes(0) : Bytes{0};
  const HopBuilder forward(counts, layout.dispatcher, false);
  const HopBuilder backward(counts, layout.dispatcher, true);
  return {.dispatch_forward = forward.hops({out + forward_metadata, out + header + forward_metadata}),
          .combine = backward.hops({back, back}),
          .dispatch_backward = forward.hops({out + cached_metadata, out + header + cached_metadata})};
}

}  // namespace weft
