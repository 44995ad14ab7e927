#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/units.hpp"

namespace weft {

/// What a compute step does with the processor.
enum class ComputeKind : std::uint8_t {
  virtual_,  ///< nothing: the lane waits for its time to pass, and the rank is free to communicate
  spin,      ///< keeps it busy for the time
  memory,    ///< does the work that alone takes the time: streams through memory larger than the cache, so that
             ///< communication and compute slow each other
};

/// Who moves communication forward while a rank computes.
enum class ProgressMode : std::uint8_t {
  inline_,  ///< the computing thread, between slices of kComputeSlice
  thread,   ///< a thread of its own: the lanes that compute are on another one
};

const char* name_of(ComputeKind kind);
const char* name_of(ProgressMode progress);

struct ComputeOptions {
  ComputeKind kind = ComputeKind::virtual_;
  ProgressMode progress = ProgressMode::inline_;
  Bytes cache = 32 << 20;  ///< last-level cache: memory streams through four times as much
};

/// How long a rank computes at a time before it looks after its communication: as a training framework that polls.
inline constexpr Nanoseconds kComputeSlice = 20'000;

/// The processor's part of the compute steps of one lane. Used by one thread.
class ComputeUnit {
 public:
  /// Real work is calibrated here, for some milliseconds.
  explicit ComputeUnit(const ComputeOptions& options);

  /// A step of so many ns begins.
  void begin(Nanoseconds planned);
  /// Works for a slice; whether the step is done.
  bool work();

 private:
  void stream(Bytes bytes);

  ComputeKind kind_;
  std::unique_ptr<double[]> memory_;
  std::size_t size_ = 0;     // of memory_, in elements
  std::size_t at_ = 0;       // where streaming goes on
  double bytes_per_ns_ = 0;  // that streaming reaches alone
  Nanoseconds until_ = 0;    // spin
  Bytes left_ = 0;           // memory
};

}  // namespace weft
