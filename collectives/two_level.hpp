#pragma once

#include <memory>
#include <string>
#include <vector>

#include "collectives/ring.hpp"
#include "core/call.hpp"

namespace weft::collectives {

/// Why two-level algorithms cannot do the call, as a sentence; empty where they can: they need several nodes, each with
/// several ranks, and with as many as the others.
std::string refuses_nodes(const Call& call);

/// The ranks of such a call as a grid: the ranks of a node in ascending order have the indices 0, 1, …, and those of
/// one index, a rank of each node, are a group too. Ranks of a node need not follow each other.
class NodeGrid {
 public:
  explicit NodeGrid(const Call& call);

  int nodes() const { return static_cast<int>(ranks_.size()); }
  int per_node() const { return static_cast<int>(ranks_.front().size()); }
  int node() const { return node_; }    ///< this rank's
  int index() const { return index_; }  ///< this rank's in its node
  /// Both are taken modulo their number.
  int rank_of(int node, int index) const;

  Ring inside() const;   ///< of this rank's node; it owns chunk index()
  Ring between() const;  ///< of the ranks of its index; it owns chunk node()

 private:
  std::vector<std::vector<int>> ranks_;
  int node_ = 0;
  int index_ = 0;
};

/// Ranks on nodes of `per_node` consecutive ones; the last may have fewer.
std::shared_ptr<const Nodes> nodes_in_order(int ranks, int per_node);

}  // namespace weft::collectives
