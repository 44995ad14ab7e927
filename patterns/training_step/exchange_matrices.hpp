#pragma once

#include "patterns/training_step/step_plan.hpp"

namespace weft {

/// Bytes of the dispatches and combines of one routing by the layout's dispatcher: headings "EP" of docs/layouts.md,
/// with the metadata and probabilities that travel with tokens.
ExchangeMatrices exchange_matrices(const ParallelLayout& layout, const Model& model, const ExpertCounts& counts);

}  // namespace weft
