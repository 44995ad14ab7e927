#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/units.hpp"

namespace weft {

/// A pipeline as its schedule sees it. The times are those of one micro-batch on one device, over all of the device's
/// virtual stages together, so that a micro-batch costs a device the same in every schedule.
struct PipelineShape {
  int devices = 1;  ///< p: ranks of one pipeline
  int micro_batches = 1;
  int virtual_stages = 2;       ///< v: parts of the model on a device, where the schedule leaves it open
  Nanoseconds forward_ns = 0;   ///< F
  Nanoseconds backward_ns = 0;  ///< B: input and weight gradient together
  Nanoseconds weight_ns = 0;    ///< W: the weight gradient's part of B
};

enum class Pass : std::uint8_t {
  forward,
  backward,         ///< whole: input and weight gradient
  input_gradient,   ///< the part of a backward pass that the stage before waits for
  weight_gradient,  ///< the other part, which nobody waits for
};

/// The pass's letter in drawings: F, B, I, W.
const char* letter_of(Pass pass);

/// One pass of one micro-batch through one chunk, a device's share of the model that is one virtual stage.
struct Work {
  Pass pass = Pass::forward;
  int micro_batch = 0;
  int chunk = 0;
  bool overlapped = false;  ///< runs as one with the work after it: both begin, and both have ended, together
  bool operator==(const Work&) const = default;
};

/// Where a virtual stage is: chunk of a device.
struct Seat {
  int device = 0;
  int chunk = 0;
  bool operator==(const Seat&) const = default;
};

/// The virtual stages that a micro-batch passes through, in the order of the forward pass. Each seat is on one path.
using Path = std::vector<Seat>;

/// Stage d on device d, all in this chunk; `downward`: on device p-1-d.
Path straight_path(int devices, int chunk, bool downward);

/// A stage per device, in order: one path of chunk 0.
std::vector<Path> stage_per_device(const PipelineShape& shape);

/// (p-1)(F+B): the pipeline fills and drains at the pace of whole passes.
double fill_and_drain_ns(const PipelineShape& shape);

/// A pipeline schedule. Adding one: a file with `Schedule name()` and a line in patterns/schedules/CMakeLists.txt.
struct Schedule {
  std::string name;     ///< as in --schedule: "1f1b"
  std::string summary;  ///< what it is and its paper in a line
  /// Empty where it can do the pipeline, else a sentence. The other functions are called only then.
  std::string (*refuses)(const PipelineShape&) = [](const PipelineShape&) { return std::string(); };
  /// Parts into which a device's share of a model is cut; a pass through a chunk takes one part's time.
  int (*virtual_stages)(const PipelineShape&) = [](const PipelineShape&) { return 1; };
  /// Where the virtual stages are. A second path is a second copy of the model, whose micro-batches are the upper half.
  /// Each path has virtual_stages chunks of every device; a device's chunks are numbered from 0.
  std::vector<Path> (*paths)(const PipelineShape&) = stage_per_device;
  /// What the device does, in order: of each chunk the passes of all micro-batches of its path, each micro-batch either
  /// by `backward`, or by `input_gradient` and `weight_gradient`.
  std::vector<Work> (*order)(const PipelineShape&, int device) = nullptr;
  /// The published formula of the time, ns, by which the iteration is longer than what a device computes, where
  /// messages are free. Independent of the order; where it is exact, docs/pipeline.md says.
  double (*bubble_ns)(const PipelineShape&) = fill_and_drain_ns;
  /// The published mark of the micro-batches whose activations the device holds at most, each over all of the device's
  /// virtual stages (so that half a micro-batch is one chunk of two). Independent of the order; the tests compare them.
  double (*activations)(const PipelineShape&, int device) = nullptr;

  std::string key() const { return name; }
  /// How long the pass takes on one chunk; rounded down to ns.
  Nanoseconds duration(const PipelineShape& shape, Pass pass) const;
};

/// The rhythm that most schedules share: `warm_up` forward passes, then a forward and a backward one in turn, then the
/// backward passes that are left. Calls forward(i) and backward(i), each for i from 0 to count - 1 in order.
template <typename Forward, typename Backward>
void alternate(int warm_up, int count, Forward forward, Backward backward) {
  for (int i = 0; i < count + warm_up; ++i) {
    if (i < count) forward(i);
    if (i >= warm_up) backward(i - warm_up);
  }
}

}  // namespace weft
