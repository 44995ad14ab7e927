#pragma once

#include <optional>
#include <vector>

#include "collectives/execute.hpp"
#include "patterns/handover.hpp"
#include "patterns/schedules/schedule.hpp"

namespace weft {

/// A rank's place in its pipeline.
struct PipelineSeat {
  int device = 0;
  std::vector<int> ranks;  ///< of the pipeline, by device
};

/// What one rank of a pipeline sends and receives in an iteration. Every handover of activations or gradients has a
/// lane of its own, so that a message overlaps whatever the schedule computes meanwhile. The order of the schedule also
/// says who sends what to whom: a handover carries its micro-batches in the order in which they are computed.
///
/// Memory is bounded, whatever the schedule: activations are windows of one buffer, 64 bytes further for each, so each
/// message's content is its own, and likewise gradients. They arrive in two slots in turn, in the order in which they
/// are used; a slot is free again once the pass that uses it is done. In a slot, too, each message lies 64 bytes
/// further than the one before, so that afterwards the beginning of every message can be checked, and the last ones as
/// a whole.
class PipelineMessages {
 public:
  /// Where this begins in the program that it is a part of, bytes at a multiple of 64.
  struct Place {
    Bytes in = 0;
    Bytes out = 0;
    int event = 0;
  };

  /// `message`: bytes of an activation, and of a gradient; a multiple of 2. The schedule serves the shape.
  PipelineMessages(const Schedule& schedule, const PipelineShape& shape, Bytes message, PipelineSeat seat, Place place);
  PipelineMessages(const PipelineMessages&) = delete;
  PipelineMessages& operator=(const PipelineMessages&) = delete;

  Bytes in_bytes() const { return in_end_ - place_.in; }
  Bytes out_bytes() const { return out_end_ - place_.out; }
  int events() const { return 4 * chunks_ * micro_batches_; }
  /// They stand at the same place in the programs of all ranks of the pipeline; those that are another device's are
  /// empty.
  std::vector<Lane> lanes() const;

  /// The rank's passes, in order.
  const std::vector<Work>& order() const { return order_; }
  /// The event that a pass awaits before it begins; none where its input is no message.
  std::optional<int> input(const Work& work) const;
  /// The event that a pass signals when it is done; none for the weight gradient.
  std::optional<int> output(const Work& work) const;

  void fill(const Buffers& buffers, std::uint64_t salt) const;
  /// Wrong elements of what has arrived.
  std::uint64_t count_wrong(const Buffers& buffers, std::uint64_t salt) const;
  Bytes sent_bytes() const;

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
  void lay_out();
  Lane send_lane(const Handover& handover) const;
  Lane receive_lane(const Handover& handover) const;
  const Handover* source_of(const Work& work) const;  ///< the message that the work waits for; null: none

  int rank_of(int device) const { return seat_.ranks[static_cast<std::size_t>(device)]; }

  enum class Mark : std::uint8_t { arrived, done };
  int event(Flow flow, Mark mark, int chunk, int micro_batch) const;
  int window(const Seat& from, int micro_batch) const;  ///< number of the message among its sender's
  Bytes windows_bytes() const;
  std::size_t slots(const Side& side) const;
  Bytes place(const Side& side, std::size_t arrival) const;  ///< where it lies in `out`
  const Side& side(Flow flow) const { return sides_[static_cast<std::size_t>(flow)]; }
  std::uint64_t key_of(std::uint64_t salt, Flow flow, int device) const;

  Bytes message_;
  PipelineSeat seat_;
  Place place_;
  int micro_batches_;
  int chunks_ = 0;                   // of a device
  int messages_ = 0;                 // of a handover
  std::vector<Handover> handovers_;  // that are messages of this rank's
  std::vector<Work> order_;
  Side sides_[2];
  Bytes in_end_ = 0;
  Bytes out_end_ = 0;
};

}  // namespace weft
