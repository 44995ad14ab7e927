#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/units.hpp"

namespace weft {

/// Why no more was measured.
enum class StopReason : std::uint8_t {
  none,        ///< more is to be measured
  interval,    ///< the median's 95 % interval is narrow enough
  budget,      ///< time, or the most samples that are kept
  iterations,  ///< as many as the user fixed
};

std::string_view name_of(StopReason reason);  ///< empty for none

inline constexpr std::size_t kLeastIterations = 10;
inline constexpr std::size_t kMostIterations = 1'000'000;  ///< bounds the memory of a point

/// When a point has enough samples.
struct StopRule {
  int iterations = 0;                  ///< so many valid ones, whatever their interval; 0: as the rest says
  double precision = 0.02;             ///< half-width of the median's 95 % interval over the median
  Nanoseconds budget = 500'000'000;    ///< of timed iterations, the ranks' start included
  Nanoseconds shortest = 100'000'000;  ///< less is not measured, be the interval ever so narrow: slow changes of the
                                       ///< machine would not be seen
  std::size_t fewest = 30;             ///< valid samples, likewise
  std::size_t most = kMostIterations;  ///< samples, valid or not
};

/// What has been measured so far.
struct Taken {
  std::span<const double> valid;  ///< completions of the samples that count, in order
  std::size_t all = 0;            ///< samples, with those that do not count
  Nanoseconds elapsed = 0;        ///< in which they were taken
  Nanoseconds at_least = 0;       ///< what a sample will take from now on, whatever those before took
};

/// Whether to stop, and where not, how many samples to take before asking again: at least a quarter more, so that the
/// ranks agree rarely.
struct Decision {
  StopReason reason = StopReason::none;
  std::size_t next = 0;
};

/// How many samples of so many ns fit between two anchors of clocks that are compared: what is told of their error
/// holds for kClockHorizon. One at least.
std::size_t samples_between_anchors(double per_sample);

/// How many samples to take at first where one takes about so long.
std::size_t first_chunk(const StopRule& rule, Nanoseconds per_sample);

/// The rule. Where the budget is too small for it, kLeastIterations samples are taken all the same. With fixed
/// iterations samples that do not count are replaced, up to as many again.
Decision decide(const StopRule& rule, const Taken& taken);

/// Half-width of the median's 95 % interval over the median, with the samples counted for as many as they are worth
/// (effective_sample_size); infinity where they are too few.
double relative_half_width(std::span<const double> series);

}  // namespace weft
