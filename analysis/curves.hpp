#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/result_set.hpp"
#include "statistics/quantile.hpp"

namespace weft {

/// The time of one size.
struct CurvePoint {
  Bytes bytes = 0;       ///< bytes_per_rank
  double time_us = 0;    ///< Record::time_us(), the median over the launches
  Interval interval_us;  ///< of time_us; both ends are time_us where none is known
  bool has_interval = false;
  int messages = 0;          ///< loggp: in a row, as the row's note has them; 0: none told
  bool with_pauses = false;  ///< loggp: whether the time holds pauses between messages, by the row's note
};

/// Time against size of one operation done in one way.
struct Curve {
  std::string pattern, operation, algorithm, transport;
  int ranks = 0;
  std::string dtype, op;
  bool in_place = false;
  std::vector<CurvePoint> points;  ///< by ascending bytes, each once

  /// "all_reduce, ring over shm, 4 ranks, f32 sum, in place".
  std::string title() const;
};

/// The time of a size by that of each launch, one at least: their median; its interval is theirs (six or more), or
/// their range, and of a single launch `within`, its own (0: not known).
CurvePoint over_launches(Bytes bytes, std::vector<double> times, const Interval& within);

/// Whether points of the row's pattern are told apart by their size alone, so that they are on a curve.
bool is_on_curve(const Record& record);

/// The curves of all measured points without wrong data, in the order in which they were planned. The interval of a
/// point is its median's in a single launch; of several launches it is theirs (six or more), or their range. moe,
/// pipeline and congest are left out: their points are told apart by more than the size.
std::vector<Curve> curves_of(const ResultSet& set);

/// A straight piece of a curve: T = latency + bytes / bandwidth.
struct FittedSegment {
  Bytes from = 0;  ///< first and last size of the piece
  Bytes to = 0;
  double latency_us = 0;
  double us_per_byte = 0;

  /// GB/s; infinite where the time does not grow.
  double bandwidth_gbps() const;
};

/// What a curve says of the fabric, by bytes_per_rank. Hockney (1994): T = a + b m over all sizes, by relative error;
/// and by pieces, where transports switch protocols.
struct CurveFit {
  FittedSegment hockney;
  double half_bytes = 0;      ///< n_1/2 = a / b: the size with half of the asymptotic bandwidth; infinite if b is 0
  double worst_residual = 0;  ///< of the pieces: largest |fitted / measured - 1|
  std::vector<FittedSegment> pieces;
  std::vector<Bytes> breaks;  ///< first size of each piece but the first
};

/// Nothing where the curve has fewer than three sizes above 0.
std::optional<CurveFit> fit_of(const Curve& curve);

}  // namespace weft
