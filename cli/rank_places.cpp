#include "cli/rank_places.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/point_record.hpp"
#include "collectives/two_level.hpp"

namespace weft::cli {

namespace {

Topology gather_topology(World& world) {
  Topology topology;
  for (const std::string& place : world.allgather(nlohmann::json(current_place()).dump()))
    topology.places.push_back(nlohmann::json::parse(place).get<Place>());
  return topology;
}

}  // namespace

RankPlaces::RankPlaces(World& world, int fabric_node)
    : topology_(gather_topology(world)),
      simulated_(world.name() == "fibers"),
      fabric_node_(simulated_ ? fabric_node : 0),
      nodes_(std::make_shared<const Nodes>(fabric_node_ > 0 ? *collectives::nodes_in_order(world.ranks(), fabric_node_)
                                                            : topology_.nodes())) {}

Topology RankPlaces::shown_topology() const {
  Topology shown = topology_;
  if (fabric_node_ == 0) return shown;
  for (std::size_t rank = 0; rank < shown.places.size(); ++rank)
    shown.places[rank].host += fmt::format(":node{}", rank / static_cast<std::size_t>(fabric_node_));
  return shown;
}

std::vector<std::string> RankPlaces::hosts() const {
  std::vector<std::string> names;
  for (Place& place : shown_topology().places) names.push_back(std::move(place.host));
  return names;
}

std::string RankPlaces::differing_nodes(const Point& point) const {
  if (!simulated_) return {};
  return nodes_that_differ(point.ranks_per_node, fabric_node_, static_cast<int>(topology_.places.size()));
}

}  // namespace weft::cli
