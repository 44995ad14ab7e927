#include "patterns/training_step/step_passes.hpp"

#include <utility>

#include "patterns/model_flops.hpp"

namespace weft {

namespace {

void add_compute(std::vector<Piece>& pieces, double ns) {
  if (ns > 0) pieces.push_back({.compute = ns, .calls = {}});
}

void add_beside(std::vector<Piece>& pieces, double ns) {
  if (ns > 0) pieces.push_back({.compute = ns, .beside = true, .calls = {}});
}

void add_calls(std::vector<Piece>& pieces, StepLane lane, const CallSequence& calls) {
  if (!calls.empty()) pieces.push_back({.lane = lane, .calls = calls});
}

}  // namespace

StepPasses::StepPasses(const StepPlan& plan, const StepCalls& calls, Pairs pairs)
    : plan_(plan), calls_(calls), pairs_(std::move(pairs)), times_(times_of(plan)) {}

StepPasses::Times StepPasses::times_of(const StepPlan& plan) {
  const ParallelLayout& layout = plan.layout();
  // Attention's share of the work depends on the sequence, which shrinking must not change.
  const TokenFlops flops = token_flops(plan.model(), plan.shrunk.attended);
  // A tensor rank has its share of the heads and of the columns for all tokens that attention sees.
  const double tokens =
      static_cast<double>(layout.attention_tokens()) / static_cast<double>(layout.tensor) / plan.speed;
  const auto per_pair =
      flops.routed / static_cast<double>(plan.model().top_k) / static_cast<double>(layout.expert_tensor);
  return {.attention = tokens * flops.attention(),
          .network = tokens * flops.dense,
          .shared = tokens * (flops.router + flops.shared),
          .pair = per_pair / plan.speed,
          .head = tokens * flops.head};
}

double StepPasses::expert_time(std::uint64_t layer, int micro_batch) const {
  // Ranks that share experts compute the tokens of all of them.
  return times_.pair * static_cast<double>(plan_.layout().expert_tensor) * pairs_(plan_.routing_of(layer, micro_batch));
}

double StepPasses::compute_of_layer(std::uint64_t layer, bool moe, int micro_batch) const {
  return times_.attention + (moe ? times_.shared + expert_time(layer, micro_batch) : times_.network);
}

void StepPasses::forward(std::uint64_t layer, bool moe, int micro_batch, std::vector<Piece>& pieces) const {
  add_calls(pieces, StepLane::tp, calls_.tensor_before);
  add_calls(pieces, StepLane::cp, calls_.context_forward[layer % 2]);
  add_compute(pieces, times_.attention);
  add_calls(pieces, StepLane::tp, calls_.tensor_after);
  if (!moe) {
    add_calls(pieces, StepLane::tp, calls_.tensor_before);
    add_compute(pieces, times_.network);
    add_calls(pieces, StepLane::tp, calls_.tensor_after);
    return;
  }
  const StepCalls::Expert& expert = calls_.expert[plan_.routing_of(layer, micro_batch)];
  add_compute(pieces, times_.shared);
  add_calls(pieces, StepLane::ep, expert.dispatch_forward);
  add_calls(pieces, StepLane::etp, calls_.expert_tensor_gather);
  add_compute(pieces, expert_time(layer, micro_batch));
  add_calls(pieces, StepLane::etp, calls_.expert_tensor_scatter);
  add_calls(pieces, StepLane::ep, expert.combine);
}

void StepPasses::backward_experts(std::uint64_t layer, int micro_batch, Gradients& gradients,
                                  std::vector<Piece>& pieces) const {
  const StepCalls::Expert& expert = calls_.expert[plan_.routing_of(layer, micro_batch)];
  add_calls(pieces, StepLane::ep, expert.dispatch_backward);
  add_beside(pieces, gradients.owed);
  gradients.owed = 0;
  add_calls(pieces, StepLane::etp, calls_.expert_tensor_gather);
  const double once = expert_time(layer, micro_batch);
  add_compute(pieces, gradients.delayed ? once : gradients.factor * once);
  add_calls(pieces, StepLane::etp, calls_.expert_tensor_scatter);
  add_calls(pieces, StepLane::ep, expert.combine);
  if (gradients.delayed) add_beside(pieces, once);
}

void StepPasses::backward(std::uint64_t layer, bool moe, int micro_batch, Gradients& gradients,
                          std::vector<Piece>& pieces) const {
  const CallSequence& regather = calls_.tensor_before;  // the input again, for the gradient of the weights
  if (moe) {
    backward_experts(layer, micro_batch, gradients, pieces);
  } else {
    add_calls(pieces, StepLane::tp, calls_.tensor_before);
    add_compute(pieces, gradients.factor * times_.network);
    add_calls(pieces, StepLane::tp, regather);
    add_calls(pieces, StepLane::tp, calls_.tensor_after);
  }
  const double dense = (moe ? times_.shared : 0) + times_.attention;
  add_calls(pieces, StepLane::tp, calls_.tensor_before);
  add_compute(pieces, gradients.delayed ? dense : gradients.factor * dense);
  if (gradients.delayed) gradients.owed += dense;
  add_calls(pieces, StepLane::tp, regather);
  add_calls(pieces, StepLane::cp, calls_.context_backward[layer % 2]);
  add_calls(pieces, StepLane::tp, calls_.tensor_after);
}

/// DualPipe's schedules compute the gradients of weights apart, to hide more behind them (DeepSeek-V3's report, figure
/// 4: MLP(W) and ATTN(W)).
std::vector<Piece> StepPasses::backward_pass(const VirtualStage& stage, const Work& work) const {
  const PipelineSchedule schedule = plan_.layout().schedule;
  const bool dual = schedule == PipelineSchedule::dualpipe || schedule == PipelineSchedule::dualpipev;
  Gradients gradients;
  gradients.factor = work.pass == Pass::backward ? kBackwardOfForward : kBackwardOfForward / 2;
  gradients.delayed = dual && work.pass == Pass::backward;
  std::vector<Piece> pieces;
  if (stage.predicts) add_compute(pieces, gradients.factor * times_.head);
  for (std::size_t i = stage.layers.size(); i-- > 0;) {
    const bool moe = stage.layers[i] != 0;
    if (plan_.layout().full_recompute) forward(stage.first_layer + i, moe, work.micro_batch, pieces);
    backward(stage.first_layer + i, moe, work.micro_batch, gradients, pieces);
  }
  add_compute(pieces, gradients.owed);
  return pieces;
}

std::vector<Piece> StepPasses::pieces(int device, const Work& work) const {
  const VirtualStage& stage = plan_.stage_at(device, work.chunk);
  std::vector<Piece> pieces;
  const double head = stage.predicts ? times_.head : 0;
  const std::size_t layers = stage.layers.size();
  switch (work.pass) {
    case Pass::forward:
      for (std::size_t i = 0; i < layers; ++i)
        forward(stage.first_layer + i, stage.layers[i] != 0, work.micro_batch, pieces);
      add_compute(pieces, head);
      break;
    case Pass::backward:
    case Pass::input_gradient:
      return backward_pass(stage, work);
    case Pass::weight_gradient: {
      double sum = head;
      for (std::size_t i = 0; i < layers; ++i)
        sum += compute_of_layer(stage.first_layer + i, stage.layers[i] != 0, work.micro_batch);
      add_compute(pieces, kBackwardOfForward / 2 * sum);
      break;
    }
  }
  return pieces;
}

double StepPasses::compute_of(int device, const Work& work) const {
  double sum = 0;
  for (const Piece& piece : pieces(device, work)) sum += piece.compute;
  return sum;
}

}  // namespace weft
