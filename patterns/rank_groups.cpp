#include "patterns/rank_groups.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"

namespace weft {

namespace {

/// A digit of a rank's number.
struct Axis {
  std::string name;
  std::uint64_t size;
  std::uint64_t stride;
};

std::vector<std::string> order_with_experts(const ParallelLayout& layout) {
  std::vector<std::string> order = split(layout.order, '-');
  if (std::find(order.begin(), order.end(), "ep") == order.end())
    order.insert(std::find(order.begin(), order.end(), "dp"), "ep");
  return order;
}

std::vector<Axis> axes_of(const ParallelLayout& layout, const std::map<std::string, Axis>& digits) {
  std::vector<Axis> axes;
  std::uint64_t stride = 1;
  for (const std::string& place : order_with_experts(layout)) {
    Axis axis = digits.at(place);
    axis.stride = stride;
    stride *= axis.size;
    axes.push_back(axis);
  }
  return axes;
}

std::vector<Axis> attention_axes(const ParallelLayout& layout) {
  return axes_of(layout, {{"tp", {"tp", layout.tensor, 0}},
                          {"cp", {"cp", layout.context, 0}},
                          {"ep", {"", 1, 0}},
                          {"dp", {"dp", layout.data(), 0}},
                          {"pp", {"pp", layout.pipeline, 0}}});
}

std::vector<Axis> expert_axes(const ParallelLayout& layout) {
  return axes_of(layout, {{"tp", {"etp", layout.expert_tensor, 0}},
                          {"cp", {"", 1, 0}},
                          {"ep", {"ep", layout.expert, 0}},
                          {"dp", {"edp", layout.expert_data(), 0}},
                          {"pp", {"pp", layout.pipeline, 0}}});
}

std::uint64_t stage_stride(const std::vector<Axis>& axes) {
  return std::find_if(axes.begin(), axes.end(), [](const Axis& axis) { return axis.name == "pp"; })->stride;
}

/// How many ranks of the group lie on each of its nodes.
std::map<std::uint64_t, std::uint64_t> ranks_by_node(const std::vector<std::uint32_t>& group,
                                                     std::uint64_t ranks_per_node) {
  std::map<std::uint64_t, std::uint64_t> counts;
  for (const std::uint32_t rank : group) ++counts[rank / ranks_per_node];
  return counts;
}

}  // namespace

const std::vector<std::string>& group_dimensions() {
  static const std::vector<std::string> dimensions = {"tp", "cp", "dp", "dp-cp", "pp", "etp", "ep", "edp"};
  return dimensions;
}

RankGroups rank_groups(const ParallelLayout& layout, const std::string& dimension) {
  const bool of_experts = dimension.front() == 'e';
  const std::vector<Axis> axes = of_experts ? expert_axes(layout) : attention_axes(layout);
  const std::vector<std::string> along = split(dimension, '-');
  RankGroups result{.dimension = dimension, .groups = {}};
  std::vector<std::size_t> group_of_first(layout.ranks);
  for (std::uint64_t rank = 0; rank < layout.ranks; ++rank) {
    std::uint64_t first = rank;  // the group's rank whose digits along the dimension are 0
    for (const Axis& axis : axes)
      if (std::find(along.begin(), along.end(), axis.name) != along.end())
        first -= rank / axis.stride % axis.size * axis.stride;
    if (first == rank) {
      group_of_first[rank] = result.groups.size();
      result.groups.emplace_back();
    }
    result.groups[group_of_first[first]].push_back(static_cast<std::uint32_t>(rank));
  }
  return result;
}

void check_order(const ParallelLayout& layout) {
  std::vector<std::string> names = order_with_experts(layout);
  std::sort(names.begin(), names.end());
  if (names != std::vector<std::string>{"cp", "dp", "ep", "pp", "tp"})
    throw UsageError(
        fmt::format("{}: \"order\" is {}: tp, cp, dp and pp once each, joined by -, and ep at most once are needed",
                    layout.file, layout.order));
  const std::uint64_t attention = stage_stride(attention_axes(layout));
  const std::uint64_t experts = stage_stride(expert_axes(layout));
  if (layout.pipeline > 1 && attention != experts)
    throw UsageError(fmt::format(
        "{}: \"order\" {} would change the stage every {} ranks for attention and every {} for experts: put pp last",
        layout.file, layout.order, attention, experts));
}

NodeSpan node_span(const RankGroups& groups, std::uint64_t ranks_per_node) {
  NodeSpan span{.fewest = ~std::uint64_t{0}, .most = 0, .crossing = 0};
  for (const std::vector<std::uint32_t>& group : groups.groups) {
    const std::uint64_t nodes = ranks_by_node(group, ranks_per_node).size();
    span.fewest = std::min(span.fewest, nodes);
    span.most = std::max(span.most, nodes);
    if (nodes > 1) ++span.crossing;
  }
  return span;
}

bool lies_evenly(const RankGroups& groups, std::uint64_t ranks_per_node) {
  const std::uint64_t nodes = node_span(groups, ranks_per_node).most;
  return std::all_of(groups.groups.begin(), groups.groups.end(), [&](const std::vector<std::uint32_t>& group) {
    const auto counts = ranks_by_node(group, ranks_per_node);
    return counts.size() == nodes && std::all_of(counts.begin(), counts.end(),
                                                 [&](const auto& node) { return node.second * nodes == group.size(); });
  });
}

}  // namespace weft
