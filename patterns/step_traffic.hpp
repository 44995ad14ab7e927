#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/call.hpp"
#include "patterns/parallel_layout.hpp"
#include "patterns/stage_work.hpp"

namespace weft {

/// One kind of communication call of a rank in a training step. Bytes are means over uniform routing, of one call.
struct CallTraffic {
  std::string dimension;                           ///< as rank_groups names it
  std::string call;                                ///< "dispatch forward, between nodes"
  std::string formula;                             ///< its heading in docs/layouts.md
  std::uint64_t calls = 0;                         ///< of a rank in a step
  double bytes = 0;                                ///< what the rank hands over, the part that stays on it included
  double wire = 0;                                 ///< what leaves the rank
  Collective collective = Collective::all_to_all;  ///< that carries it
  double ranks = 0;                                ///< that take part in one call
  double nodes = 0;                                ///< on which these lie, the most of all groups

  double step_wire() const { return static_cast<double>(calls) * wire; }
};

struct StageTraffic {
  StageWork work;
  std::vector<CallTraffic> calls;  ///< those that send nothing are left out
  std::uint64_t all_to_alls = 0;   ///< dispatches and combines of a rank in a step

  double step_wire() const;
};

struct StepTraffic {
  std::vector<StageTraffic> stages;
  std::vector<std::string> left_out;  ///< sentences: what the model's file does not say
};

/// What a training step sends, by docs/layouts.md. The layout must be checked for the model.
StepTraffic step_traffic(const ParallelLayout& layout, const Model& model);

}  // namespace weft
