#include "collectives/verify/symbolic.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "collectives/layout.hpp"
#include "collectives/summands.hpp"

namespace weft::verify {

namespace {

constexpr int kNobody = -1;  // the rank of unwritten memory

std::uint64_t fingerprint(int rank, std::uint64_t index) {
  return mix(mix(static_cast<std::uint64_t>(rank) + 0x5bd1e995U) ^ index);
}

/// Input elements that make up an element of `out`: of ranks [first, last] each the element `index`.
struct Origin {
  int first;
  int last;
  std::uint64_t index;
};

Origin origin_in_matrix(const Call& call, std::uint64_t element) {
  Bytes at = element * call.element();
  int from = 0;
  while (at >= call.received_from(from)) at -= call.received_from(from++);
  Call sender = call;
  sender.rank = from;
  for (int peer = 0; peer < call.rank; ++peer) at += sender.sent_to(peer);
  return {from, from, at / call.element()};
}

/// The definition of the collectives (core/call.hpp).
Origin origin(const Call& call, std::uint64_t element) {
  const auto rank = static_cast<std::uint64_t>(call.rank);
  const int block = call.count == 0 ? 0 : static_cast<int>(element / call.count);
  switch (call.collective) {
    case Collective::all_reduce:
      return {0, call.ranks - 1, element};
    case Collective::reduce_scatter:
      return {0, call.ranks - 1, rank * call.count + element};
    case Collective::broadcast:
      return {call.root, call.root, element};
    case Collective::all_gather:
      return {block, block, element % call.count};
    case Collective::all_to_all:
      return {block, block, rank * call.count + element % call.count};
    case Collective::all_to_allv:
      return origin_in_matrix(call, element);
    case Collective::send_recv:
      return {call.partner(), call.partner(), element};
    case Collective::barrier:
      break;
  }
  return {0, kNobody, 0};
}

/// Elements of `out` that the collective defines.
std::uint64_t defined_elements(const Call& call) {
  if (call.collective == Collective::reduce_scatter) return call.count;
  if (call.collective == Collective::send_recv && call.partner() < 0) return 0;
  return call.out_bytes() / call.element();
}

}  // namespace

SymbolicMemory::SymbolicMemory(std::span<const Program> programs, std::span<const Call> calls, Bytes unit)
    : programs_(programs), calls_(calls), unit_(unit), memory_(programs.size()) {
  std::uint64_t unwritten = 0;
  for (std::size_t rank = 0; rank < programs.size(); ++rank) {
    for (const Space space : {Space::in, Space::out, Space::scratch}) {
      auto& elements = memory_[rank][static_cast<std::size_t>(space)];
      elements.resize((programs[rank].size_of_space(space) + unit - 1) / unit);
      for (std::uint64_t& element : elements) element = fingerprint(kNobody, unwritten++);
    }
    std::uint64_t index = 0;
    for (std::uint64_t& element : at(static_cast<int>(rank), collectives::input_of(calls[rank])))
      element = fingerprint(static_cast<int>(rank), index++);
  }
}

SymbolicMemory::Elements SymbolicMemory::at(int rank, const Region& region) {
  auto& elements = memory_[static_cast<std::size_t>(rank)][static_cast<std::size_t>(region.space)];
  return Elements(elements).subspan(region.offset / unit_, region.bytes / unit_);
}

void SymbolicMemory::executed(const Place& place, const Step& step) {
  if (step.action == Action::wait) return;
  const Elements from = at(place.rank, step.source());
  const Elements into = at(place.rank, step.destination());
  const std::vector<std::uint64_t> values(from.begin(), from.end());
  if (step.action == Action::copy) std::copy(values.begin(), values.end(), into.begin());
  if (step.action == Action::reduce)
    for (std::size_t i = 0; i < values.size(); ++i) into[i % into.size()] += values[i];
}

void SymbolicMemory::delivered(const Place& send, const Place& recv, Bytes bytes) {
  const Step& sender = step_at(programs_, send);
  const Step& receiver = step_at(programs_, recv);
  const Elements from = at(send.rank, {sender.src_space, sender.src, bytes});
  const Elements into = at(recv.rank, {receiver.dst_space, receiver.dst, bytes});
  if (receiver.action == Action::recv) {
    std::copy(from.begin(), from.end(), into.begin());
    return;
  }
  const Elements with = at(recv.rank, {receiver.src_space, receiver.src, bytes});
  for (std::size_t i = 0; i < into.size(); ++i) into[i] = with[i] + from[i];
}

void SymbolicMemory::check(Report& report) const {
  for (const Call& call : calls_) {
    const auto& out = memory_[static_cast<std::size_t>(call.rank)][static_cast<std::size_t>(Space::out)];
    std::uint64_t wrong = 0;
    std::string first;
    for (std::uint64_t i = 0; i < defined_elements(call); ++i) {
      const std::string text = difference(call, i, out[i]);
      if (text.empty()) continue;
      if (wrong++ == 0) first = fmt::format("element {} {}", i, text);
    }
    if (wrong > 0) report.add(fmt::format("rank {}: wrong result in {} elements of out; {}", call.rank, wrong, first));
  }
}

std::string SymbolicMemory::difference(const Call& call, std::uint64_t index, std::uint64_t found) const {
  const Origin right = origin(call, index);
  std::uint64_t expected = 0;
  for (int rank = right.first; rank <= right.last; ++rank) expected += fingerprint(rank, right.index);
  if (found == expected) return {};
  for (int rank = right.first; rank <= right.last && right.first != right.last; ++rank) {
    if (found - expected == fingerprint(rank, right.index)) return fmt::format("has the share of rank {} twice", rank);
    if (expected - found == fingerprint(rank, right.index)) return fmt::format("lacks the share of rank {}", rank);
  }
  return fmt::format(
      "is not element {} of rank{} {}", right.index, right.first == right.last ? "" : "s",
      right.first == right.last ? std::to_string(right.first) : fmt::format("{} to {}", right.first, right.last));
}

BarrierKnowledge::BarrierKnowledge(std::span<const Program> programs)
    : heard_(programs.size(), Ranks(programs.size(), false)), arriving_(heard_) {
  for (std::size_t rank = 0; rank < programs.size(); ++rank) heard_[rank][rank] = true;
}

void BarrierKnowledge::executed(const Place& place, const Step& step) {
  if (step.action != Action::wait) return;
  const auto rank = static_cast<std::size_t>(place.rank);
  for (std::size_t other = 0; other < heard_.size(); ++other)
    if (arriving_[rank][other]) heard_[rank][other] = true;
}

void BarrierKnowledge::delivered(const Place& send, const Place& recv, Bytes) {
  const Ranks& sender = heard_[static_cast<std::size_t>(send.rank)];
  Ranks& arriving = arriving_[static_cast<std::size_t>(recv.rank)];
  for (std::size_t other = 0; other < sender.size(); ++other)
    if (sender[other]) arriving[other] = true;
}

void BarrierKnowledge::check(Report& report) const {
  for (std::size_t rank = 0; rank < heard_.size(); ++rank)
    for (std::size_t other = 0; other < heard_.size(); ++other)
      if (!heard_[rank][other])
        report.add(fmt::format("rank {} leaves the barrier before it has heard of rank {}", rank, other));
}

}  // namespace weft::verify
