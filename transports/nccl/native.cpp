// NCCL's own collectives, and those that its users write as groups of messages.
#include <fmt/format.h>

#include "transports/nccl/check.hpp"
#include "transports/nccl/nccl_communicator.hpp"

namespace weft::nccl {

namespace {

constexpr unsigned kPollsPerWorldCheck = 1024;

bool is_reduction(Collective collective) {
  return collective == Collective::all_reduce || collective == Collective::reduce_scatter;
}

ncclDataType_t type_of(Datatype type) {
  switch (type) {
    case Datatype::f32:
      return ncclFloat32;
    case Datatype::f64:
      return ncclFloat64;
    case Datatype::f16:
      return ncclFloat16;
    case Datatype::bf16:
      return ncclBfloat16;
    case Datatype::i32:
      return ncclInt32;
    case Datatype::u8:
    case Datatype::fp8:  // is only moved
      return ncclUint8;
  }
  return ncclUint8;
}

ncclRedOp_t op_of(ReduceOp op) {
  switch (op) {
    case ReduceOp::sum:
      return ncclSum;
    case ReduceOp::prod:
      return ncclProd;
    case ReduceOp::min:
      return ncclMin;
    case ReduceOp::max:
      return ncclMax;
  }
  return ncclSum;
}

/// Every block to its rank and from it, as one group.
void start_exchange(const Call& call, const std::byte* in, std::byte* out, ncclComm_t comm, Stream stream) {
  const bool even = call.collective == Collective::all_to_all;
  check(ncclGroupStart(), "ncclGroupStart");
  ncclResult_t result = ncclSuccess;
  for (int peer = 0; peer < call.ranks && result == ncclSuccess; ++peer) {
    const Bytes sent = even ? call.block() : call.sent_to(peer);
    const Bytes received = even ? call.block() : call.received_from(peer);
    if (sent > 0) result = ncclSend(in, sent, ncclUint8, peer, comm, stream);
    if (received > 0 && result == ncclSuccess) result = ncclRecv(out, received, ncclUint8, peer, comm, stream);
    in += sent;
    out += received;
  }
  const ncclResult_t ended = ncclGroupEnd();
  check(result, "ncclSend or ncclRecv");
  check(ended, "ncclGroupEnd");
}

}  // namespace

std::string NcclCommunicator::refuses_native(const Call& call) const {
  if (is_reduction(call.collective) && !reducible(call.dtype))
    return fmt::format("{} cannot be reduced", name_of(call.dtype));
  switch (call.collective) {
    case Collective::barrier:
    case Collective::send_recv:
      return fmt::format("{} has no collective for {}", kLibrary, name_of(call.collective));
    case Collective::reduce_scatter:
      if (!call.in_place || call.ranks == 1) return {};
      return fmt::format("{}'s reduce-scatter in place leaves the result at the rank's block", kLibrary);
    case Collective::all_to_all:
    case Collective::all_to_allv:
      if (!call.in_place) return {};
      return fmt::format("{}'s messages of one group cannot trade places in one buffer", kLibrary);
    default:
      return {};
  }
}

void NcclCommunicator::native(const Call& call, const std::byte* in, std::byte* out) {
  start_native(call, in, out);
  Channel& used = channel(0);
  used.started();
  for (unsigned polls = 1; !used.is_idle(); ++polls) {
    if (polls % kPollsPerWorldCheck == 0) world_.check();
    relax(0);
  }
}

void NcclCommunicator::start_native(const Call& call, const std::byte* in, std::byte* out) {
  const ncclComm_t comm = channel(0).comm();
  const Stream stream = channel(0).stream();
  const ncclDataType_t type = type_of(call.dtype);
  switch (call.collective) {
    case Collective::broadcast:
      return check(ncclBroadcast(call.rank == call.root ? in : out, out, call.count, type, call.root, comm, stream),
                   "ncclBroadcast");
    case Collective::all_reduce:
      return check(ncclAllReduce(in, out, call.count, type, op_of(call.op), comm, stream), "ncclAllReduce");
    case Collective::reduce_scatter:
      return check(ncclReduceScatter(in, out, call.count, type, op_of(call.op), comm, stream), "ncclReduceScatter");
    case Collective::all_gather:  // in place: the rank's own block, which is where NCCL has it too
      if (call.in_place) in += static_cast<Bytes>(call.rank) * call.block();
      return check(ncclAllGather(in, out, call.count, type, comm, stream), "ncclAllGather");
    case Collective::all_to_all:
    case Collective::all_to_allv:
      return start_exchange(call, in, out, comm, stream);
    case Collective::barrier:
    case Collective::send_recv:
      throw TransportError(refuses_native(call));
  }
}

}  // namespace weft::nccl
