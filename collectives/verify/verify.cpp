#include "collectives/verify.hpp"

#include <fmt/format.h>

#include "collectives/two_level.hpp"
#include "collectives/verify/report.hpp"
#include "collectives/verify/routines.hpp"
#include "collectives/verify/simulation.hpp"
#include "collectives/verify/steps.hpp"
#include "collectives/verify/symbolic.hpp"

namespace weft {

namespace {

std::vector<Call> calls_of_all_ranks(const Call& call) {
  std::vector<Call> calls(static_cast<std::size_t>(call.ranks), call);
  for (int rank = 0; rank < call.ranks; ++rank) calls[static_cast<std::size_t>(rank)].rank = rank;
  return calls;
}

void check_sent_bytes(verify::Report& report, const Algorithm& algorithm, std::span<const Call> calls) {
  for (std::size_t rank = 0; rank < calls.size(); ++rank) {
    const Bytes sent = report.programs()[rank].sent_bytes();
    const Bytes formula = algorithm.wire_bytes(calls[rank]);
    if (sent != formula)
      report.add(fmt::format("rank {} sends {} B, the formula of {} says {} B", rank, sent, algorithm.key(), formula));
  }
}

}  // namespace

Findings verify_traffic(std::span<const Program> programs) {
  if (Findings findings = verify::check_routines(programs); !findings.empty()) return findings;
  std::vector<Program> flat;
  for (const Program& program : programs) flat.push_back(inlined(program));
  verify::Report report(flat);
  verify::check_steps(report);
  if (report.empty()) verify::Simulation(report, nullptr).run();
  return report.take();
}

Findings verify_programs(const Algorithm& algorithm, const Call& call_of_rank0, std::span<const Program> programs) {
  const std::vector<Call> calls = calls_of_all_ranks(call_of_rank0);
  const bool is_barrier = call_of_rank0.collective == Collective::barrier;
  const Bytes unit = is_barrier ? 1 : call_of_rank0.element();
  verify::Report report(programs);
  verify::check_steps(report);
  verify::check_collective_steps(report, unit);
  if (!report.empty()) return report.take();
  check_sent_bytes(report, algorithm, calls);
  if (is_barrier) {
    verify::BarrierKnowledge knowledge(programs);
    verify::Simulation(report, &knowledge).run();
    knowledge.check(report);
  } else {
    verify::SymbolicMemory memory(programs, calls, unit);
    verify::Simulation(report, &memory).run();
    memory.check(report);
  }
  return report.take();
}

Findings verify_collective(const Algorithm& algorithm, const Call& call_of_rank0) {
  std::vector<Program> programs;
  for (const Call& call : calls_of_all_ranks(call_of_rank0)) programs.push_back(build_program(algorithm, call));
  return verify_programs(algorithm, call_of_rank0, programs);
}

std::vector<std::shared_ptr<const Nodes>> nodes_to_check(const Algorithm& algorithm, int ranks) {
  if (!algorithm.by_node) return {nullptr};
  std::vector<std::shared_ptr<const Nodes>> all;
  for (int number = 2; number <= ranks / 2; ++number)
    if (ranks % number == 0) all.push_back(collectives::nodes_in_order(ranks, ranks / number));
  if (ranks < 4 || ranks % 2 != 0) return all;
  Nodes in_turns;
  for (int rank = 0; rank < ranks; ++rank) in_turns.push_back(rank % 2);
  all.push_back(std::make_shared<const Nodes>(std::move(in_turns)));
  return all;
}

}  // namespace weft
