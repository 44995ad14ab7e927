#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/curves.hpp"

namespace weft {

/// A figure and the half-width of its 95 % interval, in us.
struct Overhead {
  double us = 0;                        ///< 0 where noise has it below
  std::optional<double> half_width_us;  ///< none where one of the medians has no interval
};

/// What the rows tell of LogGP (Alexandrov et al. 1995). The pattern `loggp` gives all of it, from the round trips of
/// Hoefler et al. (Low-Overhead LogGP Parameter Assessment, HPCC 2007), PRTT(n, d, s): n messages of s bytes with a
/// pause d between two, and one back.
///   PRTT(1, 0, s) = 2 (L + 2o + (s - 1) G)
///   PRTT(n, 0, s) = PRTT(1, 0, s) + (n - 1) max(o, g + (s - 1) G)
///   PRTT(n, d, s) = PRTT(1, 0, s) + (n - 1) (d + o)                  where d is longer than a message's gap
/// For o the time of the pauses is not taken for d but measured, with the last message alone after them: what the
/// other n - 1 messages add is theirs.
///   A ping-pong (PRTT(1, 0, s) / 2) alone gives L + 2o by its first piece and G by its last; a stream (osu_bw) of s
/// bytes gives g + (s - 1) G.
struct LogGP {
  std::string transport;
  int ranks = 0;
  std::string dtype;
  double l_plus_2o_us = 0;
  double gap_per_byte_ns = 0;           ///< G: of the messages in a row that are so long that it is their gap, else of
                                        ///< the round trip
  std::optional<double> gap_us;         ///< g, or o where that is more: of the smallest message
  std::optional<Overhead> overhead_us;  ///< o of the sender, of the smallest message
  std::optional<double> latency_us;  ///< L; of a receiver whose o is hidden by the flight of the message it holds one
                                     ///< o less
  std::string lacks;                 ///< why there is no o or no L; empty where there are both
};

/// One for each ping-pong curve that can be fitted, of send_recv or of loggp.
std::vector<LogGP> loggp_of(const std::vector<Curve>& curves);

}  // namespace weft
