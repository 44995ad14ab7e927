// MPI's own collectives.
#include <algorithm>
#include <climits>
#include <cstring>

#include <fmt/format.h>

#include "transports/mpi/mpi_communicator.hpp"
#include "worlds/mpi/check.hpp"

namespace weft::mpi {
namespace {

// Elements per call of a reduction that is too long for MPI's int.
constexpr std::uint64_t kMost = std::uint64_t{1} << 30;

int as_int(Bytes bytes, Bytes unit) { return static_cast<int>(bytes / unit); }

bool reduces(Collective collective) {
  return collective == Collective::all_reduce || collective == Collective::reduce_scatter;
}

// Whether MPI's int holds what every rank of an all_to_allv hands over: counts, and places of blocks.
bool counts_fit(const Call& call) {
  Call one = call;
  for (one.rank = 0; one.rank < call.ranks; ++one.rank)
    if (std::max(one.in_bytes(), one.out_bytes()) / call.element() > INT_MAX) return false;
  return true;
}

}  // namespace

std::string MpiCommunicator::refuses_native(const Call& call) const {
  if (call.collective == Collective::send_recv) return "MPI has no collective for send_recv";
  if (reduces(call.collective) && !reducible(call.dtype))
    return fmt::format("{} cannot be reduced", name_of(call.dtype));
  switch (call.collective) {
    case Collective::all_reduce:
      return {};
    case Collective::reduce_scatter:  // Open MPI adds the blocks' elements up in an int
      if (call.count <= static_cast<std::uint64_t>(INT_MAX) / static_cast<std::uint64_t>(call.ranks)) return {};
      return "MPI counts with an int, and all blocks together have more elements";
    case Collective::all_to_allv:
      return counts_fit(call) ? "" : "MPI counts with an int, and a rank sends or receives more elements";
    default:
      if (call.count <= INT_MAX || (call.block() % Types::kPage == 0 && call.block() / Types::kPage <= INT_MAX))
        return {};
      return "MPI counts with an int, and the blocks are longer and no multiple of 4096 bytes";
  }
}

// In pieces, because the operations know the elements.
void MpiCommunicator::native_reduction(const Call& call, const void* in, std::byte* out) {
  const MPI_Datatype type = types_.of(call.dtype);
  const MPI_Op op = types_.of(call.dtype, call.op);
  const auto* from = static_cast<const std::byte*>(in);
  for (std::uint64_t left = call.count;;) {
    const std::uint64_t count = std::min(kMost, left);
    check(MPI_Allreduce(from, out, static_cast<int>(count), type, op, comm_), "MPI_Allreduce");
    left -= count;
    if (left == 0) return;
    if (!call.in_place) from += count * call.element();
    out += count * call.element();
  }
}

void MpiCommunicator::all_to_allv(const Call& call, const void* in, std::byte* out) {
  const Bytes unit = call.element();
  const MPI_Datatype type = types_.of(call.dtype);
  for (auto* numbers : {&send_counts_, &send_places_, &recv_counts_, &recv_places_})
    numbers->assign(static_cast<std::size_t>(call.ranks), 0);
  Bytes sent = 0;
  Bytes received = 0;
  for (int peer = 0; peer < call.ranks; ++peer) {
    const auto at = static_cast<std::size_t>(peer);
    send_counts_[at] = as_int(call.sent_to(peer), unit);
    recv_counts_[at] = as_int(call.received_from(peer), unit);
    send_places_[at] = as_int(sent, unit);
    recv_places_[at] = as_int(received, unit);
    sent += call.sent_to(peer);
    received += call.received_from(peer);
  }
  check(MPI_Alltoallv(in, send_counts_.data(), send_places_.data(), type, out, recv_counts_.data(), recv_places_.data(),
                      type, comm_),
        "MPI_Alltoallv");
}

void MpiCommunicator::native(const Call& call, const std::byte* in, std::byte* out) {
  const void* from = call.in_place ? MPI_IN_PLACE : in;
  if (call.collective == Collective::all_to_allv) return all_to_allv(call, from, out);
  const bool by_element = call.count <= INT_MAX;
  const MPI_Datatype type = by_element ? types_.of(call.dtype) : types_.page();
  const int count = by_element ? static_cast<int>(call.count) : as_int(call.block(), Types::kPage);
  switch (call.collective) {
    case Collective::barrier:
      return check(MPI_Barrier(comm_), "MPI_Barrier");
    case Collective::broadcast: {
      const bool copies = call.rank == call.root && !call.in_place;
      check(MPI_Bcast(copies ? const_cast<std::byte*>(in) : out, count, type, call.root, comm_), "MPI_Bcast");
      if (copies && call.block() != 0) std::memcpy(out, in, call.block());
      return;
    }
    case Collective::all_reduce:
      return native_reduction(call, from, out);
    case Collective::reduce_scatter:
      return check(MPI_Reduce_scatter_block(from, out, count, type, types_.of(call.dtype, call.op), comm_),
                   "MPI_Reduce_scatter_block");
    case Collective::all_gather:
      return check(MPI_Allgather(from, count, type, out, count, type, comm_), "MPI_Allgather");
    case Collective::all_to_all:
      return check(MPI_Alltoall(from, count, type, out, count, type, comm_), "MPI_Alltoall");
    case Collective::all_to_allv:
    case Collective::send_recv:
      throw TransportError(refuses_native(call));
  }
}

}  // namespace weft::mpi
