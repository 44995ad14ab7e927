#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/curve_time.hpp"
#include "analysis/result_set.hpp"

#include "core/call.hpp"

namespace weft {

/// A curve, and whether its ranks had to leave their host.
struct MeasuredCurve {
  Curve curve;
  std::optional<bool> between_nodes;  ///< none where the run tells no nodes apart
};

/// A call whose time is wanted.
struct WantedCall {
  Collective collective = Collective::all_to_all;
  double wire = 0;   ///< bytes that leave each rank
  double ranks = 0;  ///< that take part
  bool between_nodes = false;
  bool tokens = false;  ///< a dispatch or combine: `moe` has measured the like
};

struct CallTime {
  TimeOfSize time;
  const MeasuredCurve* curve = nullptr;
};

/// What runs have measured of one transport, for asking how long a call would take.
class MeasuredFabric {
 public:
  /// `transport` may be empty where the runs have only one. Throws UsageError with one sentence where they have no
  /// point with right data, or not of this transport.
  MeasuredFabric(const std::vector<ResultSet>& sets, const std::string& transport);

  const std::string& transport() const { return transport_; }
  const std::vector<MeasuredCurve>& curves() const { return curves_; }

  /// The time at which as many bytes leave a rank, whatever the number of ranks; none where no such operation was
  /// measured. Of the curves those whose ranks were as near to each other as the call's (in a node, or not) go before,
  /// then those with the nearest number of ranks (by ratio), then the fastest at this size. For tokens, the flat
  /// dispatches and combines of `moe` go before all_to_all of as many ranks at about the sizes that were measured, and
  /// after it at others.
  std::optional<CallTime> time_of(const WantedCall& call) const;

 private:
  std::string transport_;
  std::vector<MeasuredCurve> curves_;
};

/// Bytes that leave a rank for each byte of bytes_per_rank, as busbw counts: (n-1)/n, twice that of an all-reduce, 1 of
/// a message.
double wire_per_byte(Collective collective, int ranks);

}  // namespace weft
