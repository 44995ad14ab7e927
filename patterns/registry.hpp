#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "collectives/account.hpp"
#include "collectives/registry.hpp"
#include "collectives/workload.hpp"
#include "core/registry.hpp"
#include "patterns/congest_ranks.hpp"
#include "patterns/request.hpp"
#include "patterns/routing_facts.hpp"
#include "patterns/step_report.hpp"

namespace weft {

/// Ways of measuring that a point cannot be measured in: each says why, as it is said behind the flag; empty: it can.
struct RefusedWays {
  std::string no_common_start;    ///< --sync none
  std::string start_by_messages;  ///< any --sync but round-time; where none is given the ranks start by their clock
  std::string batch;              ///< --batch above 1
  std::string trace;              ///< --trace
};

/// One point to be measured: what identifies it, and how each rank gets its work. Independent of the transport.
struct Point {
  std::string pattern;    ///< "moe"
  std::string operation;  ///< "dispatch"; for the plain collectives the collective's name
  std::string algorithm;  ///< "ring", "native", or a schedule's name
  Datatype dtype = Datatype::u8;
  ReduceOp op = ReduceOp::sum;
  bool reduces = false;  ///< whether `op` means anything
  /// The whole per-rank buffer (nccl-tests' size). moe: what goes to or comes from other ranks on the busiest rank;
  /// pipeline: what an inner stage sends in one iteration.
  Bytes bytes_per_rank = 0;
  bool sized_by_programs = false;  ///< bytes_per_rank is what the busiest rank's programs send, and not known before
                                   ///< all ranks have theirs: training_step
  Bytes bytes_per_peer = 0;        ///< OSU's and IMB's size for the all-to-all family; else equal to bytes_per_rank
  double busbw_factor = 1;         ///< busbw = algbw x factor
  double time_divisor = 1;  ///< times reported are those of an iteration divided by this: 2 for a ping-pong, whose
                            ///< iteration is there and back (as osu_latency)
  int messages = 1;         ///< that an iteration sends in a row: times and bytes told are those of one of them, as of
                            ///< a call where a sample has several (a ping-pong's bytes are those of one way already)
  Bytes logical_bytes = 0;  ///< moe: as bytes_per_rank, with traffic to itself counted; 0: not applicable
                            ///< (both are means over the routings)
  std::uint64_t ranks_per_node = 0;  ///< training_step: of the nodes that its traffic is laid out for; else 0
  double imbalance = 0;              ///< moe: achieved max/mean over ranks of received tokens; 0: not applicable
  double bubble_formula = -1;        ///< pipeline: idle share by the formula; -1: not applicable
  double busy_ns =
      0;  ///< pipeline: emulated compute of one rank in one iteration; the measured bubble is 1 - busy/time
  bool automatic = false;  ///< the user named no algorithm: `native` where the transport offers it, else this one
  std::string refused;     ///< not empty: why it cannot be measured; build is not called
  RefusedWays refused_ways;
  Call call;  ///< the call where the point is one collective (rank 0's view), for Communicator::refuses_native
  /// Where each pair of ranks is measured by itself: who meets whom in each of the programs. Empty: the point is
  /// measured as a whole.
  std::vector<Pairing> pairings;
  std::vector<int> timed;  ///< whose times count: from their first start to their last end. Empty: everybody's
  /// congest: who is timed beside whom.
  std::shared_ptr<const CongestRanks> beside;
  /// congest, where the aggressors are not idle: this rank's part with so many rounds of theirs. `build` has one.
  std::function<std::unique_ptr<Workload>(int rank, int rounds)> build_loaded;
  std::vector<RoutingFact> routing;          ///< moe: what the routings did, means over them
  std::map<std::string, std::string> notes;  ///< further facts for the result row: model, tokens, router, …
  /// This rank's part. Not collective. Called on each rank, concurrently in worlds that share a process.
  std::function<std::unique_ptr<Workload>(int rank)> build;
  /// The same point where the ranks lie on these nodes: its algorithm works by them, so that until then the point is
  /// refused. Null where nodes do not matter.
  std::function<Point(const std::shared_ptr<const Nodes>& nodes)> on_nodes;
  /// Where the time of one accounted execution went; null: nothing is said. `step_ns`: the measured time.
  std::function<StepReport(std::span<const RankAccount> accounts, double step_ns)> report;
  /// Where automatic: the same work by another algorithm of the call's collective, which does not refuse it, or (null)
  /// by the transport's own, for transports that offer it (see call); `nodes`: those that the ranks lie on.
  std::function<std::unique_ptr<Workload>(const Algorithm* algorithm, int rank,
                                          const std::shared_ptr<const Nodes>& nodes)>
      build_as;
};

/// A traffic pattern. Adding one: a file with `Pattern name()` and a line in patterns/CMakeLists.txt.
struct Pattern {
  std::string name;
  std::string summary;
  /// The points for this many ranks, the same on every rank; deterministic in the request. Throws UsageError.
  std::function<std::vector<Point>(const Request&, int ranks)> plan;
  /// The collectives whose algorithms the user may name for it.
  std::vector<Collective> collectives = {};
  bool shaped_by_model = false;  ///< whether Request::model decides its sizes
  bool takes_peak = false;       ///< whether Request::peak_tflops decides how long it computes
  /// The flags of `weft run` that this pattern takes, of those that not every one does ("--goal"): one that no chosen
  /// pattern takes is refused.
  std::vector<std::string> flags = {};
  /// The flags of `weft run` that would do nothing for it, each with where it has that from instead, as it is said
  /// behind the flag: refused where no chosen pattern has a use for it.
  std::map<std::string, std::string> useless_flags = {};

  std::string key() const { return name; }
};

namespace patterns {
const Registry<Pattern>& registry();
/// Registry::extend, for plugins (plugins/load.hpp).
void extend(std::vector<Pattern> more);
}  // namespace patterns

}  // namespace weft
