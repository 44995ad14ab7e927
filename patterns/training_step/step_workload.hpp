#pragma once

#include <memory>
#include <vector>

#include "collectives/workload.hpp"
#include "patterns/group_call.hpp"
#include "patterns/pipeline_messages.hpp"
#include "patterns/training_step/step_plan.hpp"

namespace weft {

/// One rank of a training step. Lane 0 computes, in the order of the schedule; every dimension of parallelism has a
/// lane of its own whose collectives are called when compute is ready for them, and compute waits for their end. Where
/// the schedule overlaps two passes, one computes while the other communicates. Parameters are gathered before their
/// first use, gradients reduced after their last.
class StepWorkload : public Workload {
 public:
  StepWorkload(std::shared_ptr<const StepPlan> plan, int rank);

  const std::vector<Program>& programs() const override { return programs_; }
  void fill(std::size_t program, const Buffers& buffers, std::uint64_t salt) const override;
  std::uint64_t count_wrong(std::size_t program, const Buffers& buffers, std::uint64_t salt) const override;
  Bytes wire_bytes(std::size_t program) const override;

 private:
  std::shared_ptr<const StepPlan> plan_;
  std::unique_ptr<PipelineMessages> messages_;
  std::unique_ptr<Routines> routines_;
  std::vector<Program> programs_;
};

}  // namespace weft
