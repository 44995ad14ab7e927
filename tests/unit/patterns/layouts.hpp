#pragma once

#include <string>

#include "patterns/parallel_layout.hpp"

namespace weft {

inline const std::string kModelsFolder = WEFT_MODELS_DIRECTORY;
inline const std::string kLayoutsFolder = kModelsFolder + "/layouts";

/// The degrees of a layout that is otherwise of no interest: batch and sequence divide whatever they are.
struct Degrees {
  std::uint64_t ranks, per_node, tensor, context, pipeline, expert, expert_tensor;
};

inline ParallelLayout layout_of(const Degrees& degrees, const std::string& order = "tp-cp-ep-dp-pp") {
  ParallelLayout layout;
  layout.file = "test.json";
  layout.ranks = degrees.ranks;
  layout.ranks_per_node = degrees.per_node;
  layout.tensor = degrees.tensor;
  layout.context = degrees.context;
  layout.pipeline = degrees.pipeline;
  layout.expert = degrees.expert;
  layout.expert_tensor = degrees.expert_tensor;
  layout.order = order;
  layout.sequence_length = 64;
  layout.micro_batch = 1;
  layout.global_batch = 2 * layout.data();
  if (layout.context > 1) layout.context_exchange = ContextExchange::kv_all_gather;
  return layout;
}

}  // namespace weft
