#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/topology.hpp"
#include "patterns/registry.hpp"
#include "worlds/world.hpp"

namespace weft::cli {

/// Where the ranks of a launch lie: on this machine's cores and hosts, or on nodes that are simulated.
class RankPlaces {
 public:
  /// `fabric_node`: ranks on a node of the fabric that the model transport simulates; 0: it has none. Collective.
  RankPlaces(World& world, int fabric_node);

  /// The cores and hosts that the ranks run on, also where they are simulated.
  const Topology& topology() const { return topology_; }
  /// Whether ranks compete for cores. Simulated ones share one process and do not.
  bool oversubscribed() const { return !simulated_ && topology_.oversubscribed(); }
  bool simulated() const { return simulated_; }

  /// As results show it: simulated ranks are all on this host, so theirs are the hosts that the fabric has for them.
  Topology shown_topology() const;
  std::vector<std::string> hosts() const;  ///< of each rank, as shown
  const std::shared_ptr<const Nodes>& nodes() const { return nodes_; }

  /// nodes_that_differ() of the point, where the fabric is simulated; else empty.
  std::string differing_nodes(const Point& point) const;

 private:
  Topology topology_;
  bool simulated_;
  int fabric_node_;  // 0 where none is simulated
  std::shared_ptr<const Nodes> nodes_;
};

}  // namespace weft::cli
