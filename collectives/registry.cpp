#include "collectives/registry.hpp"

#include "core/text.hpp"

namespace weft {

namespace {

Program empty_program(const Call& call) {
  Program program;
  program.rank = call.rank;
  program.ranks = call.ranks;
  program.dtype = call.dtype;
  program.op = call.op;
  program.in_bytes = call.in_bytes();
  program.out_bytes = call.out_bytes();
  program.in_place = call.in_place;
  return program;
}

}  // namespace

Program build_program(const Algorithm& algorithm, const Call& call) {
  if (const std::string reason = algorithm.refuses(call); !reason.empty())
    throw UsageError(algorithm.key() + " cannot do this: " + reason);
  Program program = empty_program(call);
  Lane lane(algorithm.name);
  algorithm.build(call, program, lane);
  lane.wait();
  program.lanes.push_back(std::move(lane));
  return program;
}

Program build_native(const Call& call) {
  Program program = empty_program(call);
  program.natives.push_back(call);
  Lane lane(kNative);
  lane.native(0);
  program.lanes.push_back(std::move(lane));
  return program;
}

Bytes least_wire_bytes(const Call& call) {
  const auto others = static_cast<Bytes>(call.ranks - 1);
  switch (call.collective) {
    case Collective::barrier:
      return 0;
    case Collective::broadcast:
      return call.rank == call.root && others > 0 ? call.block() : 0;
    case Collective::all_reduce:
      return 2 * others * call.block() / static_cast<Bytes>(call.ranks);
    case Collective::reduce_scatter:
    case Collective::all_gather:
    case Collective::all_to_all:
      return others * call.block();
    case Collective::send_recv:
      return call.partner() >= 0 ? call.block() : 0;
    case Collective::all_to_allv:
      break;
  }
  Bytes sum = 0;
  for (int peer = 0; peer < call.ranks; ++peer)
    if (peer != call.rank) sum += call.sent_to(peer);
  return sum;
}

namespace collectives {

std::vector<const Algorithm*> algorithms_of(Collective collective) {
  std::vector<const Algorithm*> found;
  for (const Algorithm& algorithm : registry().entries())
    if (algorithm.collective == collective) found.push_back(&algorithm);
  return found;
}

const Algorithm& find(Collective collective, std::string_view name) {
  std::vector<std::string> names;
  for (const Algorithm* algorithm : algorithms_of(collective)) {
    if (algorithm->name == name) return *algorithm;
    names.push_back(algorithm->name);
  }
  throw UsageError(unknown_name(std::string(name_of(collective)) + " algorithm", name, names));
}

}  // namespace collectives

}  // namespace weft
