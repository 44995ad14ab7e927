#pragma once

#include <cstdint>
#include <vector>

#include "patterns/parallel_layout.hpp"

namespace weft {

/// Consecutive layers that one virtual stage holds.
struct LayerChunk {
  std::uint64_t first = 0;
  std::uint64_t layers = 0;
  std::uint64_t moe_layers(const Model& model) const;  ///< those with experts
};

/// The model's layers in so many chunks, as evenly as can be, the first ones one more.
std::vector<LayerChunk> layer_chunks(const Model& model, std::uint64_t count);

/// What a rank of one pipeline stage holds and does in a training step.
struct StageWork {
  std::uint64_t layers = 0;      ///< that it holds, DualPipe's second stage included
  std::uint64_t moe_layers = 0;  ///< those of them with experts
  std::uint64_t embeddings = 0;  ///< copies of the token embedding
  std::uint64_t heads = 0;       ///< copies of the output projection

  // Forward passes: times that a layer sees a micro-batch.
  std::uint64_t layer_passes = 0;
  std::uint64_t moe_passes = 0;
  std::uint64_t dense_passes() const { return layer_passes - moe_passes; }

  std::uint64_t activations_sent = 0;  ///< messages to a stage on another rank
  std::uint64_t gradients_sent = 0;
};

/// Of each stage. Chunks (stages x virtual stages) have layers as evenly as can be, the first ones one more; chunk c
/// lies on rank c mod PP of its pipeline, with DualPipeV on rank 2 PP - 1 - c where c >= PP; with DualPipe each rank
/// also holds stage PP - 1 - rank, which half of the micro-batches go through, from the other end. The layout must be
/// checked for the model.
std::vector<StageWork> stage_works(const ParallelLayout& layout, const Model& model);

/// On how many ranks of its pipeline each stage lies: 2 with DualPipe, else 1.
std::uint64_t stage_copies(const ParallelLayout& layout);

}  // namespace weft
