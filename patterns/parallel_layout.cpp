#include "patterns/parallel_layout.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "patterns/rank_groups.hpp"

namespace weft {

namespace {

[[noreturn]] void refuse_layout(const ParallelLayout& layout, const std::string& sentence) {
  throw UsageError(fmt::format("{}: {}", layout.file, sentence));
}

/// A number by the names of the members that make it.
struct Named {
  std::string name;
  std::uint64_t value;
};

void require_divides(const ParallelLayout& layout, const Named& divisor, const Named& number) {
  if (number.value % divisor.value != 0)
    refuse_layout(layout, fmt::format("\"{}\" {} is not a multiple of {} = {}", number.name, number.value, divisor.name,
                                      divisor.value));
}

void check_pipeline(const ParallelLayout& layout) {
  switch (layout.schedule) {
    case PipelineSchedule::one_forward_one_backward:
    case PipelineSchedule::dualpipe:
      if (layout.virtual_stages != 1)
        refuse_layout(layout, fmt::format("\"schedule\" {} has 1 chunk on each rank, not \"virtual_stages\" {}",
                                          name_of(layout.schedule), layout.virtual_stages));
      break;
    case PipelineSchedule::dualpipev:
      if (layout.virtual_stages != 2)
        refuse_layout(layout, fmt::format("\"schedule\" dualpipev has 2 chunks on each rank, not \"virtual_stages\" {}",
                                          layout.virtual_stages));
      break;
    case PipelineSchedule::interleaved:
      break;
  }
  if (layout.schedule == PipelineSchedule::dualpipe && layout.micro_batches() % 2 != 0)
    refuse_layout(layout, fmt::format("\"schedule\" dualpipe sends half of the micro-batches from either end: "
                                      "\"global_batch\" {} gives a pipeline {}, which is odd",
                                      layout.global_batch, layout.micro_batches()));
}

}  // namespace

const char* name_of(PipelineSchedule schedule) {
  switch (schedule) {
    case PipelineSchedule::one_forward_one_backward:
      return "1f1b";
    case PipelineSchedule::interleaved:
      return "interleaved";
    case PipelineSchedule::dualpipe:
      return "dualpipe";
    case PipelineSchedule::dualpipev:
      return "dualpipev";
  }
  return "";
}

const char* name_of(Dispatcher dispatcher) {
  switch (dispatcher) {
    case Dispatcher::flat:
      return "flat";
    case Dispatcher::hierarchical:
      return "hierarchical";
    case Dispatcher::low_latency:
      return "low_latency";
    case Dispatcher::node_all_gather:
      return "node_all_gather";
  }
  return "";
}

const char* name_of(ContextExchange exchange) {
  switch (exchange) {
    case ContextExchange::none:
      return "none";
    case ContextExchange::kv_all_gather:
      return "kv_all_gather";
    case ContextExchange::ulysses:
      return "ulysses";
    case ContextExchange::v4_two_stage:
      return "v4_two_stage";
  }
  return "";
}

void check_ranks(const ParallelLayout& layout) {
  require_divides(layout, {"ranks_per_node", layout.ranks_per_node}, {"ranks", layout.ranks});
  require_divides(layout, {"tensor x context x pipeline", layout.tensor * layout.context * layout.pipeline},
                  {"ranks", layout.ranks});
  require_divides(layout, {"expert_tensor x expert x pipeline", layout.expert_tensor * layout.expert * layout.pipeline},
                  {"ranks", layout.ranks});
  const std::uint64_t shares = layout.context * (layout.sequence_parallel ? layout.tensor : 1);
  require_divides(layout, {layout.sequence_parallel ? "context x tensor" : "context", shares},
                  {"sequence_length", layout.sequence_length});
  constexpr std::uint64_t kMostTokens = std::uint64_t{1} << 24;  // as --tokens takes
  if (layout.attention_tokens() > kMostTokens)
    refuse_layout(layout, fmt::format("\"sequence_length\" {} / \"context\" {} x \"micro_batch\" {} are {} tokens on a "
                                      "rank: from 1 to {} are possible",
                                      layout.sequence_length, layout.context, layout.micro_batch,
                                      layout.attention_tokens(), kMostTokens));
  require_divides(layout,
                  {fmt::format("micro_batch {} x {} data-parallel ranks", layout.micro_batch, layout.data()),
                   layout.micro_batch * layout.data()},
                  {"global_batch", layout.global_batch});
  if ((layout.context > 1) != (layout.context_exchange != ContextExchange::none))
    refuse_layout(layout, fmt::format("\"context\" {} does not go with \"context_exchange\" {}", layout.context,
                                      name_of(layout.context_exchange)));
  check_pipeline(layout);
  check_order(layout);
  const bool by_node =
      layout.dispatcher == Dispatcher::hierarchical || layout.dispatcher == Dispatcher::node_all_gather;
  if (by_node && !lies_evenly(rank_groups(layout, "ep"), layout.ranks_per_node))
    refuse_layout(layout, fmt::format("\"dispatcher\" {} needs as many ranks of an expert group on each of its nodes: "
                                      "\"expert\" {} in \"order\" {} on \"ranks_per_node\" {} has not",
                                      name_of(layout.dispatcher), layout.expert, layout.order, layout.ranks_per_node));
}

void check_model(const ParallelLayout& layout, const Model& model) {
  if (model.experts % layout.expert != 0)
    refuse_layout(layout, fmt::format("\"expert\" {} does not divide the {} experts of {}", layout.expert,
                                      model.experts, model.name));
  if (model.expert_intermediate % layout.expert_tensor != 0)
    refuse_layout(layout, fmt::format("\"expert_tensor\" {} does not divide the {} of an expert of {}",
                                      layout.expert_tensor, model.expert_intermediate, model.name));
  const std::uint64_t chunks = layout.pipeline * layout.virtual_stages;
  if (chunks > model.layers)
    refuse_layout(layout, fmt::format("\"pipeline\" x \"virtual_stages\" = {} chunks are more than the {} layers of {}",
                                      chunks, model.layers, model.name));
  if (model.heads % layout.tensor != 0)
    refuse_layout(layout, fmt::format("\"tensor\" {} does not divide the {} attention heads of {}", layout.tensor,
                                      model.heads, model.name));
}

}  // namespace weft
