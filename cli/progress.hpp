#pragma once

#include <cstddef>
#include <string>

#include "core/units.hpp"

namespace weft::cli {

/// Says on stderr which point is being measured and how long the rest may take: one changing line on a terminal, a
/// plain line per point otherwise. Used by rank 0.
class Progress {
 public:
  explicit Progress(std::size_t points);

  void start_point(const std::string& what);
  void skip_point();  ///< the next point is not measured
  void end_point();   ///< takes the changing line away, so that a table row can be printed

 private:
  std::size_t points_;
  std::size_t done_ = 0;
  Nanoseconds began_ = monotonic_now();
  bool terminal_;
};

}  // namespace weft::cli
