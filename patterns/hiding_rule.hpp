#pragma once

#include "patterns/parallel_layout.hpp"

namespace weft {

/// DeepSeek-V4's report: a pair of a token and an expert that is f wide takes 6 h f FLOP and moves 3 h bytes, FP8 on
/// the way there and BF16 on the way back. So all-to-alls can hide behind routed experts alone where a rank's peak over
/// its bandwidth is no more than 6 h f / 3 h = 2 f FLOP a byte.
double most_flop_per_byte(const Model& model);

/// What a rank's all-to-alls come to, as that rule counts them.
struct HidingRule {
  double gbps = 0;  ///< bytes of a copy for each pair of a token and an expert, whatever was sent, over the time
  double flop_per_byte = 0;  ///< the peak over that
};

/// `all_to_alls`: dispatches and combines of a rank in a step, as many of either; `ns`: what they take together, more
/// than 0; `peak`: FLOP per ns. Bytes of a copy are those of the layout's formats.
HidingRule hiding_rule(const ParallelLayout& layout, const Model& model, double all_to_alls, double ns, double peak);

}  // namespace weft
