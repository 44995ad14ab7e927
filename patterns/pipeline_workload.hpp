#pragma once

#include <string>
#include <vector>

#include "collectives/workload.hpp"
#include "patterns/schedule.hpp"

namespace weft {

/// A pipeline as every stage sees it.
struct PipelineShape {
  std::string schedule;  ///< a name of schedule_names()
  int ranks = 1;
  int stages = 1;
  int micro_batches = 1;
  Bytes message = 0;  ///< bytes of an activation, and of a gradient; a multiple of 2
  Nanoseconds forward_ns = 0;
  Nanoseconds backward_ns = 0;

  /// Pipelines side by side: as many as the ranks hold whole; the ranks left over idle.
  int pipelines() const { return ranks / stages; }
  bool idle(int rank) const { return rank >= pipelines() * stages; }
  int stage_of(int rank) const { return rank % stages; }
};

/// One rank of a pipeline. One lane computes in the order of the schedule; activations and gradients travel on lanes of
/// their own, so that a message overlaps whatever the schedule computes meanwhile. A lane only sends or only receives:
/// even stages send on the lane on which odd ones receive, and the other way round.
///
/// Memory is bounded: every micro-batch sends a window of one buffer, 64 bytes further for each micro-batch, so each
/// message's content is its own; it arrives in one of two slots, which is free again once its pass is done.
class PipelineWorkload : public Workload {
 public:
  PipelineWorkload(PipelineShape shape, int rank);

  const std::vector<Program>& programs() const override { return programs_; }
  void fill(std::size_t program, const Buffers& buffers, std::uint64_t salt) const override;
  std::uint64_t count_wrong(std::size_t program, const Buffers& buffers, std::uint64_t salt) const override;
  Bytes wire_bytes(std::size_t program) const override;

 private:
  /// One of the two streams of messages through this rank, in the direction of a pass.
  struct Stream {
    int from = -1;          ///< rank it comes from, -1: none
    int to = -1;            ///< rank it goes to, -1: none
    Bytes sent_at = 0;      ///< where the windows begin in `in`
    Bytes received_at = 0;  ///< where the slots begin in `out`
  };

  void add_compute_lane(Program& program) const;
  void add_send_lane(Program& program, Pass pass) const;
  void add_receive_lane(Program& program, Pass pass) const;
  const Stream& stream(Pass pass) const { return streams_[static_cast<std::size_t>(pass)]; }
  int slots() const;

  PipelineShape shape_;
  int rank_;
  Stream streams_[2];
  std::vector<Program> programs_;
};

}  // namespace weft
