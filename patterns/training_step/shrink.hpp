#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "patterns/model.hpp"
#include "patterns/parallel_layout.hpp"

namespace weft {

/// A layout and its model made small enough for a few ranks.
struct Shrunk {
  ParallelLayout layout;
  Model model;
  double scale = 1;                  ///< of tokens, and with them of the bytes and compute of a micro-batch's passes
  double dense_parameters = 1;       ///< of their bytes: as a rank's step of compute shrinks, counted on its parameters
  double expert_parameters = 1;      ///< the same of experts
  std::uint64_t attended = 0;        ///< sequence length that attention computes for: that before shrinking
  std::uint64_t ranks_before = 0;    ///< before shrinking, as
  Model model_before;                ///< this
  std::vector<std::string> changes;  ///< "PP 8 -> 2"; empty: nothing was shrunk
  std::string refused;               ///< not empty: why the ranks cannot be had, and nothing else is set
};

/// The same training step on so many ranks. Degrees of parallelism shrink, each that was above 1 to 2 or more as long
/// as the ranks allow it; what a rank holds and does stays in proportion: layers and micro-batches go with the stages,
/// experts with their ranks, and the sequence is `divisor` times shorter, so that every message and every compute time
/// shrinks alike. Not given: the divisor is by how many times the ranks are fewer.
Shrunk shrink(const ParallelLayout& layout, const Model& model, int ranks, std::optional<int> divisor);

}  // namespace weft
