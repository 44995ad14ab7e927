#pragma once

#include <vector>

#include "collectives/workload.hpp"
#include "patterns/handover.hpp"
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

/// One rank of a pipeline. One lane computes in the order of the schedule; every handover of activations or gradients
/// has a lane of its own, so that a message overlaps whatever the schedule computes meanwhile. The order of the
/// schedule also says who sends what to whom: a handover carries its micro-batches in the order in which they are
/// computed.
///
/// Memory is bounded, whatever the schedule: activations are windows of one buffer, 64 bytes further for each, so each
/// message's content is its own, and likewise gradients. They arrive in two slots in turn, in the order in which they
/// are used; a slot is free again once the pass that uses it is done. In a slot, too, each message lies 64 bytes
/// further than the one before, so that afterwards the beginning of every message can be checked, and the last ones as
/// a whole.
class PipelineWorkload : public Workload {
 public:
  PipelineWorkload(const PipelineLayout& layout, int rank);

  const std::vector<Program>& programs() const override { return programs_; }
  void fill(std::size_t program, const Buffers& buffers, std::uint64_t salt) const override;
  std::uint64_t count_wrong(std::size_t program, const Buffers& buffers, std::uint64_t salt) const override;
  Bytes wire_bytes(std::size_t program) const override;

 private:
  /// A message that this rank receives.
  struct Arrival {
    const Handover* handover = nullptr;
    int micro_batch = 0;
  };
  /// All that flows through this rank one way.
  struct Side {
    bool sends = false;
    Bytes sent_at = 0;              ///< where the windows begin in `in`
    Bytes received_at = 0;          ///< where the slots begin in `out`
    Bytes slot = 0;                 ///< bytes of one slot
    std::vector<Arrival> arrivals;  ///< in the order of use
  };

  void list_arrivals();
  void lay_out(Program& program);
  Lane compute_lane() const;
  Lane send_lane(const Handover& handover) const;
  Lane receive_lane(const Handover& handover) const;
  const Handover* source_of(const Work& work) const;  ///< the message that the work waits for; null: none

  int rank_of(int device) const { return rank_ - device_ + device; }  ///< of the same pipeline

  enum class Mark : std::uint8_t { arrived, done };
  int event(Flow flow, Mark mark, int chunk, int micro_batch) const;
  int window(const Seat& from, int micro_batch) const;  ///< number of the message among its sender's
  Bytes windows_bytes() const;
  std::size_t slots(const Side& side) const;
  Bytes place(const Side& side, std::size_t arrival) const;  ///< where it lies in `out`
  const Side& side(Flow flow) const { return sides_[static_cast<std::size_t>(flow)]; }
  std::uint64_t key_of(std::uint64_t salt, Flow flow, int device) const;

  PipelineLayout layout_;
  int rank_;
  int device_;
  int chunks_ = 0;                   // of a device
  int messages_ = 0;                 // of a handover
  std::vector<Handover> handovers_;  // that are messages of this rank's
  std::vector<Work> order_;
  Side sides_[2];
  std::vector<Program> programs_;
};

}  // namespace weft
