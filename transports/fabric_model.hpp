#pragma once

#include <string>

#include "core/units.hpp"

namespace weft {

/// The fabric that the `model` transport simulates, in virtual time; other transports ignore it. Everything that is
/// drawn is drawn from the seed of TransportOptions, so what a measurement ought to find is known.
/// With ranks_per_node there are two levels: ranks r and s are of one node where r / ranks_per_node = s /
/// ranks_per_node (the last node may have fewer), and messages between them have a second port of each rank (NVLink or
/// UB beside the NIC) with a latency and a bandwidth of their own. With node_uplink the messages between nodes also
/// share what joins a node to the others. All else concerns the messages of both levels alike.
struct FabricModel {
  Nanoseconds latency = 2'000;   ///< alpha: from post to arrival of the first byte, ns
  double bandwidth = 50.0;       ///< GB/s = bytes per ns, each way of each rank's port
  int ranks_per_node = 0;        ///< 0: one level, nothing is inside a node
  Nanoseconds node_latency = 0;  ///< as latency, inside a node
  double node_bandwidth = 0;     ///< as bandwidth, of the ports inside a node; to be given where there are nodes
  double node_uplink = 0;    ///< GB/s each way, of the one cable that all ranks of a node have to other nodes; 0: none
  double jitter = 0.0;       ///< sigma of a log-normal factor with median 1 on every message's latency; 0: none
  Nanoseconds skew = 0;      ///< rank r is late into every compute step by a fixed draw from [0, skew) ns
  Nanoseconds overhead = 0;  ///< o: CPU time of one post, ns (LogGP)
  double stall_share = 0;    ///< with this probability a message's latency is stall_factor times as long
  double stall_factor = 1;
  Nanoseconds clock_offset = 0;  ///< each rank's now() is off by a fixed draw from [-clock_offset, clock_offset] ns
  double clock_drift = 0;        ///< ppm: and runs fast by a fixed draw from [-clock_drift, clock_drift]; rank 0's: 0
  int late_rank = 0;        ///< notices each signal (kLongestSignal) late by a draw from [0, late_by) ns, as a rank
  Nanoseconds late_by = 0;  ///< does that the kernel must wake: it comes late out of barriers, not of operations
  double launch_cv = 0;     ///< of a log-normal factor with median 1 on latency and wire time, one for each launch
  Bytes slow_bytes = 0;     ///< messages of exactly this size
  double slow_factor = 1;   ///< have this many times the latency and the wire time
};

inline constexpr Nanoseconds kLongestModelDelay = 1'000'000'000;  ///< the most that each of the durations may be, ns
inline constexpr double kSlowestPort = 1e-3;                      ///< GB/s: the range of both bandwidths
inline constexpr double kFastestPort = 1e9;
inline constexpr int kMostRanksOfNode = 1 << 20;
inline constexpr Bytes kLongestSignal = 64;  ///< messages up to here say when, and carry no payload

/// Why the model transport cannot be this fabric, as a sentence that names the member and its range; empty where it
/// can.
std::string flaw_of(const FabricModel& model);

}  // namespace weft
