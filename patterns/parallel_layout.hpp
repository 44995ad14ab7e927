#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/datatype.hpp"
#include "patterns/model.hpp"
#include "patterns/token_bytes.hpp"

namespace weft {

/// Which stage works on which micro-batch when, as far as the messages depend on it. Sources: Megatron-LM (1F1B,
/// interleaved); DeepSeek-V3's report (DualPipe: a rank holds one stage from either end); deepseek-ai/DualPipe
/// (DualPipeV: two chunks a rank, in the shape of a V).
enum class PipelineSchedule : std::uint8_t { one_forward_one_backward, interleaved, dualpipe, dualpipev };

/// How tokens get to their experts; docs/layouts.md has the formulas.
enum class Dispatcher : std::uint8_t {
  flat,             ///< a copy for each token and expert (Megatron's all-to-all)
  hierarchical,     ///< a copy for each token and node, then one for each rank there (DeepEP "normal")
  low_latency,      ///< as flat, with DeepEP's message format and fixed slots
  node_all_gather,  ///< all tokens to the other nodes, then an all-to-all inside the node (Pangu Ultra MoE)
};

/// How attention sees the tokens of other ranks under context parallelism.
enum class ContextExchange : std::uint8_t { none, kv_all_gather, ulysses, v4_two_stage };

/// How a training run spreads a model over ranks. Attention ranks are tensor x context x data x pipeline, expert ranks
/// expert tensor x expert x expert data x pipeline (Megatron's parallel folding): both are all ranks.
struct ParallelLayout {
  std::string name;                      ///< the file's name without .json
  std::string file;                      ///< its path
  std::string model;                     ///< which it was used for: a name in models/, or the path of a config.json
  std::string source;                    ///< where it was published, in words
  std::vector<std::string> assumptions;  ///< "MEMBER: why", of every member that was not published

  std::uint64_t ranks = 0;
  std::uint64_t ranks_per_node = 0;  ///< that share the fast part of the fabric; consecutive
  std::uint64_t tensor = 1;
  std::uint64_t context = 1;
  std::uint64_t pipeline = 1;
  std::uint64_t virtual_stages = 1;  ///< chunks of layers on each rank
  std::uint64_t expert = 1;
  std::uint64_t expert_tensor = 1;
  std::string order = "tp-cp-ep-dp-pp";  ///< fastest first, as Megatron's --order; without ep, it stands before dp
  PipelineSchedule schedule = PipelineSchedule::one_forward_one_backward;

  std::uint64_t sequence_length = 0;  ///< tokens
  std::uint64_t micro_batch = 0;      ///< sequences
  std::uint64_t global_batch = 0;     ///< sequences a step
  bool sequence_parallel = false;     ///< tensor ranks share a sequence's tokens outside attention
  bool full_recompute = false;        ///< the backward pass repeats the forward one and its traffic
  Dispatcher dispatcher = Dispatcher::flat;
  TokenFormat dispatch_format = TokenFormat::bf16;
  TokenFormat combine_format = TokenFormat::bf16;
  ContextExchange context_exchange = ContextExchange::none;
  bool distributed_optimizer = false;  ///< ZeRO-1: reduce-scatter and all-gather instead of an all-reduce
  Datatype gradient_type = Datatype::f32;
  Datatype parameter_type = Datatype::bf16;

  // What follows from the degrees; whole numbers once the layout has been checked.
  std::uint64_t stage_ranks() const { return ranks / pipeline; }
  std::uint64_t data() const { return stage_ranks() / (tensor * context); }
  std::uint64_t expert_data() const { return stage_ranks() / (expert_tensor * expert); }
  std::uint64_t nodes() const { return ranks / ranks_per_node; }
  std::uint64_t micro_batches() const { return global_batch / (micro_batch * data()); }  ///< of each pipeline
  /// Tokens of a micro-batch on a rank, and those that attention sees there.
  std::uint64_t tokens() const { return attention_tokens() / (sequence_parallel ? tensor : 1); }
  std::uint64_t attention_tokens() const { return sequence_length / context * micro_batch; }
};

const char* name_of(PipelineSchedule schedule);
const char* name_of(Dispatcher dispatcher);
const char* name_of(ContextExchange exchange);

/// Reads a layout (docs/layouts.md has the format): the path of a JSON file, or the name of one in `directory`. All
/// that needs no model is checked, `check_ranks` too. Throws UsageError with one sentence that names the file and the
/// member where the file is missing, cut, not JSON, lacks a member, has an unknown one, or one that cannot be.
ParallelLayout load_layout(const std::string& name_or_path, const std::string& directory);

/// Throws UsageError naming file and member where the degrees do not divide ranks, nodes, batch or sequence.
void check_ranks(const ParallelLayout& layout);

/// Throws UsageError where the model cannot be spread so: experts that do not divide, fewer layers than chunks.
void check_model(const ParallelLayout& layout, const Model& model);

}  // namespace weft
