#include "patterns/stage_work.hpp"

#include <algorithm>

namespace weft {

namespace {

/// One way through the pipeline: on which rank of it each chunk lies, and how many micro-batches go that way.
struct Way {
  std::vector<std::uint64_t> rank_of;
  std::uint64_t micro_batches;
};

std::vector<Way> ways_of(const ParallelLayout& layout) {
  const std::uint64_t stages = layout.pipeline;
  const std::uint64_t count = stages * layout.virtual_stages;
  Way way{.rank_of = {}, .micro_batches = layout.micro_batches() / stage_copies(layout)};
  for (std::uint64_t c = 0; c < count; ++c) {
    const bool back = layout.schedule == PipelineSchedule::dualpipev && c >= stages;
    way.rank_of.push_back(back ? count - 1 - c : c % stages);
  }
  std::vector<Way> ways(stage_copies(layout), way);
  if (ways.size() == 2) std::reverse(ways[1].rank_of.begin(), ways[1].rank_of.end());
  return ways;
}

void add_way(const Way& way, const Model& model, const std::vector<LayerChunk>& chunks, std::vector<StageWork>& works) {
  works[way.rank_of.front()].embeddings += 1;
  works[way.rank_of.back()].heads += 1;
  for (std::size_t c = 0; c < chunks.size(); ++c) {
    StageWork& work = works[way.rank_of[c]];
    work.layers += chunks[c].layers;
    work.moe_layers += chunks[c].moe_layers(model);
    work.layer_passes += chunks[c].layers * way.micro_batches;
    work.moe_passes += chunks[c].moe_layers(model) * way.micro_batches;
    if (c + 1 < chunks.size() && way.rank_of[c + 1] != way.rank_of[c]) work.activations_sent += way.micro_batches;
    if (c > 0 && way.rank_of[c - 1] != way.rank_of[c]) work.gradients_sent += way.micro_batches;
  }
}

}  // namespace

std::uint64_t LayerChunk::moe_layers(const Model& model) const {
  std::uint64_t count = 0;
  for (std::uint64_t layer = first; layer < first + layers; ++layer) count += has_experts(model, layer) ? 1 : 0;
  return count;
}

std::vector<LayerChunk> layer_chunks(const Model& model, std::uint64_t count) {
  std::vector<LayerChunk> chunks;
  std::uint64_t first = 0;
  for (std::uint64_t c = 0; c < count; ++c) {
    chunks.push_back({first, model.layers / count + (c < model.layers % count ? 1 : 0)});
    first += chunks.back().layers;
  }
  return chunks;
}

std::vector<StageWork> stage_works(const ParallelLayout& layout, const Model& model) {
  const std::vector<LayerChunk> chunks = layer_chunks(model, layout.pipeline * layout.virtual_stages);
  std::vector<StageWork> works(layout.pipeline);
  for (const Way& way : ways_of(layout)) add_way(way, model, chunks, works);
  return works;
}

std::uint64_t stage_copies(const ParallelLayout& layout) {
  return layout.schedule == PipelineSchedule::dualpipe ? 2 : 1;
}

}  // namespace weft
