#include "patterns/handover.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace weft {

std::optional<Flow> flow_of(Pass pass) {
  switch (pass) {
    case Pass::forward:
      return Flow::activations;
    case Pass::backward:
    case Pass::input_gradient:
      return Flow::gradients;
    case Pass::weight_gradient:
      return std::nullopt;
  }
  return std::nullopt;
}

std::vector<Handover> handovers_of(const std::vector<Path>& paths) {
  std::vector<Handover> handovers;
  std::map<int, std::set<int>> taken;  // lanes of each device
  const auto add = [&](Flow flow, const Seat& from, const Seat& to) {
    Handover handover{.flow = flow, .from = from, .to = to};
    if (handover.is_message()) {
      std::set<int>& mine = taken[from.device];
      std::set<int>& theirs = taken[to.device];
      handover.lane = 1;
      while (mine.count(handover.lane) != 0 || theirs.count(handover.lane) != 0) ++handover.lane;
      mine.insert(handover.lane);
      theirs.insert(handover.lane);
    }
    handovers.push_back(handover);
  };
  for (const Path& path : paths)
    for (std::size_t stage = 0; stage + 1 < path.size(); ++stage) {
      add(Flow::activations, path[stage], path[stage + 1]);
      add(Flow::gradients, path[stage + 1], path[stage]);
    }
  return handovers;
}

}  // namespace weft
