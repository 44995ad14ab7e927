#pragma once

#include <functional>
#include <vector>

#include "patterns/training_step/step_calls.hpp"
#include "patterns/training_step/step_plan.hpp"

namespace weft {

/// A stretch of a pass: either compute, or calls on another lane that compute waits for.
struct Piece {
  double compute = 0;  ///< ns
  StepLane lane = StepLane::compute;
  CallSequence calls;
};

/// What a pass of one micro-batch through one chunk does on a rank, layer by layer.
class StepPasses {
 public:
  /// Pairs of a token and an expert that the rank computes in a routing.
  using Pairs = std::function<double(std::size_t routing)>;

  StepPasses(const StepPlan& plan, const StepCalls& calls, Pairs pairs);

  std::vector<Piece> pieces(int device, const Work& work) const;
  /// The compute in it, ns.
  double compute_of(int device, const Work& work) const;

 private:
  /// Forward compute of a micro-batch on a rank, ns.
  struct Times {
    double attention = 0;
    double network = 0;  ///< of a layer without experts
    double shared = 0;   ///< router and shared experts
    double pair = 0;     ///< of one token in one routed expert
    double head = 0;
  };
  static Times times_of(const StepPlan& plan);

  void forward(std::uint64_t layer, bool moe, int micro_batch, std::vector<Piece>& pieces) const;
  void backward(std::uint64_t layer, bool moe, int micro_batch, double factor, std::vector<Piece>& pieces) const;
  double compute_of_layer(std::uint64_t layer, bool moe, int micro_batch) const;
  double expert_time(std::uint64_t layer, int micro_batch) const;

  const StepPlan& plan_;
  const StepCalls& calls_;
  Pairs pairs_;
  Times times_;
};

}  // namespace weft
