#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/call.hpp"
#include "patterns/parallel_layout.hpp"
#include "patterns/request.hpp"
#include "patterns/schedules/schedule.hpp"
#include "patterns/training_step/expert_counts.hpp"
#include "patterns/training_step/shrink.hpp"

namespace weft {

/// The groups along one dimension, and each rank's place.
struct GroupMap {
  std::vector<std::vector<int>> groups;
  std::vector<int> group_of;  ///< by rank
  std::vector<int> place_of;  ///< by rank: in its group

  const std::vector<int>& of(int rank) const {
    return groups[static_cast<std::size_t>(group_of[static_cast<std::size_t>(rank)])];
  }
  int place(int rank) const { return place_of[static_cast<std::size_t>(rank)]; }
};

/// One virtual stage of the model.
struct VirtualStage {
  int number = 0;
  std::uint64_t first_layer = 0;
  std::vector<char> layers;  ///< of each: 1 where it has experts
  bool embeds = false;       ///< the first
  bool predicts = false;     ///< the last: output projection
};

/// The all-to-alls of one routing, as bytes between ranks of the groups that they are on.
struct ExchangeMatrices {
  using Matrix = std::shared_ptr<const TrafficMatrix>;
  /// One hop of an exchange: between nodes by place in the node, inside a node by node; flat: one of the whole group.
  struct Hops {
    std::vector<Matrix> between;
    std::vector<Matrix> inside;
    Matrix whole;
  };
  Hops dispatch_forward, combine, dispatch_backward;
};

/// A training step as all of its ranks know it, made once.
struct StepPlan {
  Shrunk shrunk;
  const Schedule* schedule = nullptr;
  PipelineShape shape;  ///< its times are 0: the plan has them by layer
  double speed = 1;     ///< FLOP per ns that a rank computes with: peak x efficiency
  double peak = 1;      ///< FLOP per ns
  std::map<std::string, GroupMap> groups;
  std::vector<ExpertCounts> routings;  ///< that are cycled
  std::vector<ExchangeMatrices> exchanges;
  std::vector<VirtualStage> stages;  ///< of a path through the pipeline
  std::string refused;               ///< not empty: why it cannot be had; the rest may be missing

  const ParallelLayout& layout() const { return shrunk.layout; }
  const Model& model() const { return shrunk.model; }
  int ranks() const { return static_cast<int>(layout().ranks); }
  bool by_node() const {
    return layout().dispatcher == Dispatcher::hierarchical || layout().dispatcher == Dispatcher::node_all_gather;
  }
  int expert_nodes() const { return routings.empty() ? 1 : routings.front().nodes; }
  /// Which routing a layer has in a micro-batch.
  std::size_t routing_of(std::uint64_t layer, int micro_batch) const;
  /// Which virtual stage a chunk of a device is.
  const VirtualStage& stage_at(int device, int chunk) const;
};

/// Throws UsageError where layout, model or router cannot be had.
StepPlan plan_step(const Request& request, int ranks);

}  // namespace weft
