// MPI's own collectives.
#include <algorithm>
#include <climits>
#include <cstring>

#include <fmt/format.h>

#include "transports/mpi/mpi_communicator.hpp"

namespace weft::mpi {
namespace {

// Elements per call of a reduction that is too long for MPI's int.
constexpr std::uint64_t kMost = std::uint64_t{1} << 30;

int as_int(Bytes bytes, Bytes unit) { return static_cast<int>(bytes / unit); }

bool reduces(Collective collective) {
  return collective == Collective::all_reduce || collective == Collective::reduce_scatter;
}

// The largest number and the common divisor that an all_to_allv hands to MPI: counts, and places of blocks.
bool fits(const Call& call, Bytes unit) {
  Bytes sent = 0;
  Bytes received = 0;
  for (int peer = 0; peer < call.ranks; ++peer) {
    if (call.sent_to(peer) % unit != 0 || call.received_from(peer) % unit != 0) return false;
    sent += call.sent_to(peer);
    received += call.received_from(peer);
  }
  return std::max(sent, received) / unit <= INT_MAX;
}

}  // namespace

MPI_Datatype MpiCommunicator::type_of(Datatype type) const {
  switch (type) {
    case Datatype::f32:
      return MPI_FLOAT;
    case Datatype::f64:
      return MPI_DOUBLE;
    case Datatype::i32:
      return MPI_INT32_T;
    case Datatype::u8:
      return MPI_UINT8_T;
    case Datatype::fp8:
      return MPI_BYTE;
    case Datatype::f16:
    case Datatype::bf16:
      return half_;
  }
  return MPI_BYTE;
}

MPI_Op MpiCommunicator::op_of(Datatype type, ReduceOp op) const {
  const auto index = static_cast<std::size_t>(op);
  if (type == Datatype::f16) return half_ops_[0][index];
  if (type == Datatype::bf16) return half_ops_[1][index];
  const MPI_Op ops[] = {MPI_SUM, MPI_PROD, MPI_MIN, MPI_MAX};
  return ops[index];
}

Counted MpiCommunicator::counted(const Call& call) const {
  const bool by_element =
      call.collective == Collective::all_to_allv ? fits(call, call.element()) : call.count <= INT_MAX;
  return by_element ? Counted{type_of(call.dtype), call.element()} : Counted{page_, kPage};
}

std::string MpiCommunicator::refuses_native(const Call& call) const {
  if (call.collective == Collective::send_recv) return "MPI has no collective for send_recv";
  if (reduces(call.collective) && !reducible(call.dtype))
    return fmt::format("{} cannot be reduced", name_of(call.dtype));
  if (call.collective == Collective::all_reduce) return {};
  bool possible = call.count <= INT_MAX;
  if (call.collective == Collective::all_to_allv)
    possible = fits(call, call.element()) || fits(call, kPage);
  else if (!possible && call.collective != Collective::reduce_scatter)
    possible = call.block() % kPage == 0 && call.block() / kPage <= INT_MAX;
  return possible ? "" : "MPI counts with an int, and the blocks are longer and no multiple of 4096 bytes";
}

// In pieces, because the operations know the elements.
void MpiCommunicator::reduce(const Call& call, const void* in, std::byte* out) {
  for (std::uint64_t first = 0; first < call.count || first == 0; first += kMost) {
    const std::uint64_t count = std::min(kMost, call.count - first);
    const void* from = call.in_place ? in : static_cast<const std::byte*>(in) + first * call.element();
    check(MPI_Allreduce(from, out + first * call.element(), static_cast<int>(count), type_of(call.dtype),
                        op_of(call.dtype, call.op), comm_),
          "MPI_Allreduce");
  }
}

void MpiCommunicator::all_to_allv(const Call& call, const void* in, std::byte* out) {
  const Counted by = counted(call);
  for (auto* numbers : {&send_counts_, &send_places_, &recv_counts_, &recv_places_})
    numbers->assign(static_cast<std::size_t>(call.ranks), 0);
  Bytes sent = 0;
  Bytes received = 0;
  for (int peer = 0; peer < call.ranks; ++peer) {
    const auto at = static_cast<std::size_t>(peer);
    send_counts_[at] = as_int(call.sent_to(peer), by.unit);
    recv_counts_[at] = as_int(call.received_from(peer), by.unit);
    send_places_[at] = as_int(sent, by.unit);
    recv_places_[at] = as_int(received, by.unit);
    sent += call.sent_to(peer);
    received += call.received_from(peer);
  }
  check(MPI_Alltoallv(in, send_counts_.data(), send_places_.data(), by.type, out, recv_counts_.data(),
                      recv_places_.data(), by.type, comm_),
        "MPI_Alltoallv");
}

void MpiCommunicator::native(const Call& call, const std::byte* in, std::byte* out) {
  const void* from = call.in_place ? MPI_IN_PLACE : in;
  if (call.collective == Collective::all_to_allv) return all_to_allv(call, from, out);
  const Counted by = counted(call);
  const int count = as_int(call.block(), by.unit);
  switch (call.collective) {
    case Collective::barrier:
      return check(MPI_Barrier(comm_), "MPI_Barrier");
    case Collective::broadcast: {
      const bool copies = call.rank == call.root && !call.in_place;
      check(MPI_Bcast(copies ? const_cast<std::byte*>(in) : out, count, by.type, call.root, comm_), "MPI_Bcast");
      if (copies && call.block() != 0) std::memcpy(out, in, call.block());
      return;
    }
    case Collective::all_reduce:
      return reduce(call, from, out);
    case Collective::reduce_scatter:
      return check(MPI_Reduce_scatter_block(from, out, count, by.type, op_of(call.dtype, call.op), comm_),
                   "MPI_Reduce_scatter_block");
    case Collective::all_gather:
      return check(MPI_Allgather(from, count, by.type, out, count, by.type, comm_), "MPI_Allgather");
    case Collective::all_to_all:
      return check(MPI_Alltoall(from, count, by.type, out, count, by.type, comm_), "MPI_Alltoall");
    case Collective::all_to_allv:
    case Collective::send_recv:
      throw TransportError(refuses_native(call));
  }
}

}  // namespace weft::mpi
