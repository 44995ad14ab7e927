#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "collectives/registry.hpp"
#include "patterns/congest_ranks.hpp"
#include "patterns/group_call.hpp"
#include "patterns/sweep.hpp"

namespace weft::patterns::congest {

namespace {

constexpr Bytes kSmall = 8;
constexpr const char* kAlone = "alone";
constexpr int kMostRanks = 1024;

/// What victims do: one call in which all of them take part.
struct Victim {
  Operation operation;
  const char* algorithm;
};

const std::vector<Victim>& all_victims() {
  static const std::vector<Victim> all = {
      {{.name = "pingpong", .collective = Collective::send_recv, .busbw_factor = busbw_once, .time_divisor = 2},
       "direct"},
      {{.name = "exchange", .collective = Collective::send_recv, .busbw_factor = busbw_once, .both_ways = true},
       "direct"},
      {{.name = "all_reduce", .collective = Collective::all_reduce, .busbw_factor = busbw_all_reduce},
       "recursive_doubling"}};
  return all;
}

/// One rank's part: a group's call, so often.
class CongestWorkload : public Workload {
 public:
  CongestWorkload(const std::string& lane, GroupCall call, int rank, int ranks, int times)
      : routines_({std::move(call)}) {
    Program program;
    program.rank = rank;
    program.ranks = ranks;
    program.dtype = routines_.calls().front().call.dtype;
    program.op = routines_.calls().front().call.op;
    program.lanes.emplace_back(lane);
    for (int i = 0; i < times; ++i) program.lanes.front().call(0);
    routines_.add_to(program);
    programs_.push_back(std::move(program));
  }

  const std::vector<Program>& programs() const override { return programs_; }
  void fill(std::size_t, const Buffers& buffers, std::uint64_t salt) const override { routines_.fill(buffers, salt); }
  std::uint64_t count_wrong(std::size_t, const Buffers& buffers, std::uint64_t salt) const override {
    return routines_.count_wrong(programs_.front(), buffers, salt);
  }
  Bytes wire_bytes(std::size_t) const override { return routines_.wire_bytes(programs_.front()); }

 private:
  Routines routines_;
  std::vector<Program> programs_;
};

/// A victim's call beside an aggression; who is who is known when the nodes are.
struct Scene {
  const Victim* victim = nullptr;
  std::string aggression;  ///< or kAlone
  Call victims;            ///< without the rank
  Call aggressors;
  Bytes aggressor_bytes = 0;
  double victim_share = 0;
  std::uint64_t seed = 0;

  bool alone() const { return aggression == kAlone; }
};

std::unique_ptr<Workload> build(const Scene& scene, const CongestRanks& ranks, int rank, int rounds) {
  const auto place_in = [rank](const std::vector<int>& group) {
    return static_cast<int>(std::find(group.begin(), group.end(), rank) - group.begin());
  };
  const int all = static_cast<int>(ranks.victims.size() + ranks.aggressors.size());
  if (const int place = place_in(ranks.victims); place < scene.victims.ranks) {
    GroupCall call{.name = "victims",
                   .algorithm = &collectives::find(scene.victim->operation.collective, scene.victim->algorithm),
                   .call = scene.victims,
                   .ranks = ranks.victims};
    call.call.rank = place;
    return std::make_unique<CongestWorkload>("victim", std::move(call), rank, all, 1);
  }
  GroupCall call{.name = scene.aggression,
                 .algorithm = &collectives::find(Collective::all_to_allv, "linear"),
                 .call = scene.aggressors,
                 .ranks = ranks.aggressors};
  call.call.rank = place_in(ranks.aggressors);
  return std::make_unique<CongestWorkload>("aggressor", std::move(call), rank, all, rounds);
}

Point point_on(const Scene& scene, const Nodes& nodes) {
  const auto ranks = std::make_shared<const CongestRanks>(split_ranks(nodes, scene.victim_share, scene.seed));
  Point point = point_of_call("congest", scene.victim->operation, scene.victims);
  point.algorithm = scene.aggression;
  point.beside = ranks;
  point.timed = ranks->victims;
  // Even where the clock is no better than the victims' short operations: a barrier's messages and skew are worse.
  point.refused_ways.start_by_messages =
      "the victims of congest start later than the aggressors by the ranks' common clock: leave it out, or give "
      "round-time";
  point.notes = {{"victims", std::to_string(ranks->victims.size())},
                 {"aggressors", std::to_string(ranks->aggressors.size())},
                 {"aggressor_bytes", format_bytes(scene.aggressor_bytes)}};
  point.refused = refuses_call(scene.victim->operation, scene.victims);
  point.build = [scene, ranks](int rank) { return build(scene, *ranks, rank, scene.alone() ? 0 : 1); };
  if (!scene.alone())
    point.build_loaded = [scene, ranks](int rank, int rounds) { return build(scene, *ranks, rank, rounds); };
  return point;
}

/// Of `bytes`, an element at least.
Call victims_call(const Victim& victim, int victims, Datatype dtype, ReduceOp op, Bytes bytes) {
  Call call;
  call.collective = victim.operation.collective;
  call.both_ways = victim.operation.both_ways;
  call.ranks = victims;
  call.dtype = dtype;
  call.op = op;
  call.count = std::max<Bytes>(bytes / size_of(dtype), 1);
  return call;
}

/// One for all points and ranks of a process: its matrix is large.
Call aggressors_call(const std::string& aggression, int aggressors, Bytes bytes) {
  Call call;
  call.collective = Collective::all_to_allv;
  call.ranks = aggressors;
  call.dtype = Datatype::u8;
  call.matrix =
      std::make_shared<const TrafficMatrix>(aggression_matrix(aggression, static_cast<std::size_t>(aggressors), bytes));
  return call;
}

/// The calls of the victims, in the order of the rows.
std::vector<std::pair<const Victim*, Call>> victims_calls(const Request& request, int victims) {
  std::vector<std::pair<const Victim*, Call>> calls;
  for (const Datatype dtype : request.dtypes)
    for (const Victim& victim : all_victims())
      for (const ReduceOp op : request.ops) {
        if (victim.operation.collective != Collective::all_reduce && op != request.ops.front()) continue;
        const Bytes bytes = victim.operation.both_ways ? request.max_bytes : kSmall;
        calls.emplace_back(&victim, victims_call(victim, victims, dtype, op, bytes));
      }
  return calls;
}

/// Why nothing of it can be measured; empty where it can.
std::string refuses_request(const Request& request, int ranks) {
  if (ranks < kFewestCongestRanks)
    return fmt::format("congest needs at least {} ranks, two victims and two aggressors, and there {} {}",
                       kFewestCongestRanks, ranks == 1 ? "is" : "are", ranks);
  if (ranks > kMostRanks) return fmt::format("congest serves up to {} ranks, and these are {}", kMostRanks, ranks);
  if (request.in_place) return "congest has no in-place form: leave out --in-place";
  if (!request.algorithms.empty() && request.algorithms != std::vector<std::string>{"all"})
    return "congest has algorithms of its own: leave out --algorithm";
  return {};
}

std::vector<Point> plan(const Request& request, int ranks) {
  const std::string refused = refuses_request(request, ranks);
  const Nodes one_node(static_cast<std::size_t>(refused.empty() ? ranks : kFewestCongestRanks), 0);
  const CongestRanks split = split_ranks(one_node, request.victim_share, request.seed);
  const auto aggressors = static_cast<int>(split.aggressors.size());
  std::vector<std::pair<std::string, Call>> companies;
  for (const std::string& aggression : aggressions())
    companies.emplace_back(aggression, aggressors_call(aggression, aggressors, request.aggressor_bytes));
  companies.emplace(companies.begin(), kAlone, companies.front().second);
  std::vector<Point> points;
  for (const auto& [victim, call] : victims_calls(request, static_cast<int>(split.victims.size())))
    for (const auto& [aggression, traffic] : companies) {
      const Scene scene{.victim = victim,
                        .aggression = aggression,
                        .victims = call,
                        .aggressors = traffic,
                        .aggressor_bytes = request.aggressor_bytes,
                        .victim_share = request.victim_share,
                        .seed = request.seed};
      points.push_back(point_on(scene, one_node));
      if (!refused.empty())
        points.back().refused = refused;
      else
        points.back().on_nodes = [scene](const std::shared_ptr<const Nodes>& nodes) { return point_on(scene, *nodes); };
    }
  return points;
}

}  // namespace

// What traffic of others does to one's own (GPCNeT: Chunduri et al., SC 2019): some ranks are victims, measured alone
// and beside each of the aggressions that the others keep up; the ratio is the impact factor.
Pattern entry() {
  return {.name = "congest",
          .summary =
              "some ranks beside the heavy traffic of the others: ping-pong and all-reduce of 8 bytes, exchange (-e)",
          .plan = plan,
          .flags = {"--victims", "--aggressor-bytes"}};
}

}  // namespace weft::patterns::congest
