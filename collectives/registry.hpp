#pragma once

#include <functional>
#include <string>
#include <vector>

#include "collectives/program.hpp"
#include "core/registry.hpp"

namespace weft {

/// One way to do a collective. Adding one: a file with `Algorithm name()` and a line in collectives/CMakeLists.txt.
struct Algorithm {
  Collective collective = Collective::barrier;
  std::string name;      ///< as in --algorithm: "ring"
  std::string summary;   ///< rounds, bytes and paper in a line
  bool by_node = false;  ///< works by Call::nodes, which nobody knows before the ranks have started
  /// Empty where it can do the call, else a sentence. Depends only on what all ranks share (not on the rank).
  std::function<std::string(const Call&)> refuses;
  /// Writes this rank's steps. `lane` is empty; sizes of the spaces are set from the call, scratch_bytes is 0 and may
  /// be raised.
  std::function<void(const Call&, Program&, Lane&)> build;
  /// Bytes that this rank sends: the formula, independent of the program (the tests compare them).
  std::function<Bytes(const Call&)> wire_bytes;

  /// What a call takes by the model of Thakur, Rabenseifner & Gropp 2005 (rounds, bytes that go one after another,
  /// bytes that are reduced one after another), in bytes that go: a round counts kLatencyBytes, a reduced byte
  /// kReducedByte besides. Where the user names no algorithm and the transport has no own one, the least is chosen.
  /// Null: not compared, and chosen only where it is the first that can do the call.
  double (*cost)(const Call&) = nullptr;

  std::string key() const { return std::string(name_of(collective)) + "/" + name; }
};

/// What a link carries in the time that an empty message takes: 5 us at 3 GB/s over the loopback's TCP
/// (docs/transports.md), 13 us at 10 Gbit/s. Other fabrics differ, and `weft tune` finds their sizes out.
inline constexpr double kLatencyBytes = 16 << 10;

/// What reducing a byte adds to carrying it: so that two ranks, whose bytes are the same either way, leave halves to
/// each other from 1 MiB on, where buffers no longer fit their cores' caches (docs/transports.md).
inline constexpr double kReducedByte = 1.0 / 32;

/// This rank's program of one lane for the call, by the algorithm. Throws UsageError with its sentence where it
/// refuses.
Program build_program(const Algorithm& algorithm, const Call& call);

/// A program of one step: the transport's own collective.
Program build_native(const Call& call);

/// Bytes that this rank must send at least, whatever the algorithm: what `native` is booked with.
///   all_reduce 2(n-1)/n x bytes, reduce_scatter and all_gather (n-1) x block, all_to_all (n-1) x block, all_to_allv
///   what goes to other ranks, broadcast bytes at the root else 0, send_recv block, barrier 0.
Bytes least_wire_bytes(const Call& call);

namespace collectives {
const Registry<Algorithm>& registry();
/// Registry::extend, for plugins (plugins/load.hpp).
void extend(std::vector<Algorithm> more);
/// The algorithms of one collective in the order of the list, the recommended one first.
std::vector<const Algorithm*> algorithms_of(Collective collective);
/// Throws UsageError with the nearest right name among the collective's algorithms.
const Algorithm& find(Collective collective, std::string_view name);
}  // namespace collectives

}  // namespace weft
