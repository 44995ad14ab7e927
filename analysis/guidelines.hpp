#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "analysis/curves.hpp"

namespace weft {

/// A size at which a library breaks a rule that it could keep by calling itself (self-consistent performance
/// guidelines: Träff, Gropp & Thakur 2010; Hunold & Carpen-Amarie's PGMPI 2017).
struct Violation {
  std::string guideline;  ///< "all_gather <= all_to_all", "monotony", "splitting", "native <= algorithms"
  std::string series;     ///< Curve::title() of the slower side
  Bytes bytes = 0;
  double time_us = 0;         ///< of the slower side
  double bound_us = 0;        ///< what the other side would have taken
  double factor = 0;          ///< time_us / bound_us
  bool has_interval = false;  ///< both sides have one; else only the factor speaks
  std::string sentence;       ///< what the user is to read
};

/// What a violation must exceed beside the intervals.
inline constexpr double kWorthTelling = 1.05;

/// What the curves were held against, and what they broke.
struct GuidelineCheck {
  std::size_t compared = 0;  ///< times with the bound of a guideline, of those that both sides have
  std::vector<Violation> violations;
};

/// All violations of more than 5 % whose medians' intervals lie apart, in the order of the curves. Sizes are
/// bytes_per_rank, in which every operation names the same whole buffer. Compared are curves of one transport, number
/// of ranks and place: native with native, each algorithm with itself, and where there are several the fastest with the
/// fastest; of one element type where both sides have it. Times that hold pauses (loggp's) are held against nothing.
GuidelineCheck check_guidelines(const std::vector<Curve>& curves);

}  // namespace weft
