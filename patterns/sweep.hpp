#pragma once

#include <string>
#include <vector>

#include "patterns/registry.hpp"

namespace weft {

/// One collective that a plain pattern measures over all sizes.
struct Operation {
  std::string name;  ///< as in the result row
  Collective collective = Collective::barrier;
  double (*busbw_factor)(int ranks) = nullptr;
  bool both_ways = false;   ///< as in Call
  double time_divisor = 1;  ///< as in Point
  /// send_recv: who meets whom, a program for each, which take turns; null: one, of ranks 2i and 2i + 1.
  std::vector<Pairing> (*pairings)(int ranks) = nullptr;
  bool by_pair = false;  ///< whether each pair's times are told, as Point::pairings has it
};

/// Bytes of the smallest buffer that is not empty: an element, or one for each rank. A row's bytes_per_rank is
/// Call::count of these.
Bytes unit_of(const Call& call);

/// Bus bandwidth factors (nccl-tests, doc/PERFORMANCE.md): what makes algbw comparable with a link's speed.
double busbw_once(int ranks);        ///< 1: broadcast, send/receive
double busbw_all_reduce(int ranks);  ///< 2(n-1)/n
double busbw_blocks(int ranks);      ///< (n-1)/n: reduce-scatter, all-gather, all-to-all

/// A point of the call (any rank's), with what identifies it, its sizes and its factors; the algorithm, and how each
/// rank gets its work, are the caller's to add.
Point point_of_call(const std::string& pattern, const Operation& operation, const Call& call);

/// Why the call cannot be measured at any size, by any algorithm; empty where it can.
std::string refuses_call(const Operation& operation, const Call& call);

/// The sizes from min to max by factor, both ends in bytes per rank, ascending; max itself only where the factor meets
/// it. 0 is followed by 1. Throws UsageError where min > max or the factor is not above 1.
std::vector<Bytes> sweep_sizes(Bytes min, Bytes max, double factor);

/// Points over sizes x data types x reduce operations x operations x algorithms, sizes outermost and algorithms
/// innermost, so that what is compared is measured side by side. A size is rounded down to whole elements (per block
/// where the buffer has one block per rank); sizes that then coincide are measured once, and 0 only where it was asked
/// for. What cannot be measured at any size gives one refused point. Throws UsageError where no size is left.
std::vector<Point> plan_sweep(const std::string& pattern, const std::vector<Operation>& operations,
                              const Request& request, int ranks);

/// A pattern of these operations.
Pattern sweep_pattern(std::string name, std::string summary, std::vector<Operation> operations);

}  // namespace weft
