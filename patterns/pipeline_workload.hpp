#pragma once

#include <optional>
#include <vector>

#include "collectives/workload.hpp"
#include "patterns/pipeline_messages.hpp"
#include "patterns/request.hpp"
#include "patterns/schedules/schedule.hpp"

namespace weft {

/// Pipelines side by side on the ranks, as every rank sees them.
struct PipelineLayout {
  const Schedule* schedule = nullptr;  ///< serves the shape
  PipelineShape shape;
  int ranks = 1;
  Bytes message = 0;  ///< bytes of an activation, and of a gradient; a multiple of 2

  /// As many as the ranks hold whole; the ranks left over idle.
  int pipelines() const { return ranks / shape.devices; }
  bool idle(int rank) const { return rank >= pipelines() * shape.devices; }
  int device_of(int rank) const { return rank % shape.devices; }
  /// Messages that one handover makes in an iteration: one for each micro-batch of its path.
  int messages(const std::vector<Path>& paths) const { return shape.micro_batches / static_cast<int>(paths.size()); }
};

/// What the request asks of each pipeline on so many ranks.
PipelineShape pipeline_shape(const Request& request, int ranks);

/// One rank of a pipeline: a lane that computes in the order of the schedule, and the lanes of its messages. A rank
/// that idles has nothing to do.
class PipelineWorkload : public Workload {
 public:
  PipelineWorkload(const PipelineLayout& layout, int rank);

  const std::vector<Program>& programs() const override { return programs_; }
  void fill(std::size_t program, const Buffers& buffers, std::uint64_t salt) const override;
  std::uint64_t count_wrong(std::size_t program, const Buffers& buffers, std::uint64_t salt) const override;
  Bytes wire_bytes(std::size_t program) const override;

 private:
  std::optional<PipelineMessages> messages_;
  std::vector<Program> programs_;
};

}  // namespace weft
