// Gloo's own collectives.
#include <cstdint>
#include <vector>

#include <fmt/format.h>
#include <gloo/allgather.h>
#include <gloo/allreduce.h>
#include <gloo/alltoall.h>
#include <gloo/alltoallv.h>
#include <gloo/barrier.h>
#include <gloo/broadcast.h>

#include "transports/gloo/check.hpp"
#include "transports/gloo/gloo_communicator.hpp"
#include "worlds/together.hpp"

namespace weft::gloo {
namespace {

using Context = std::shared_ptr<::gloo::Context>;

/// As Gloo's inputs, which it does not write.
std::uint8_t* bytes_of(const std::byte* data) {
  return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(data));
}

/// Of the type Gloo asks the size alone.
template <typename Element>
void all_reduce_as(const Context& context, const Call& call, const std::byte* in, std::byte* out) {
  ::gloo::AllreduceOptions options(context);
  if (!call.in_place) options.setInput(reinterpret_cast<Element*>(bytes_of(in)), call.count);
  options.setOutput(reinterpret_cast<Element*>(out), call.count);
  options.setReduceFunction(reduce_kernel(call.dtype, call.op));
  ::gloo::allreduce(options);
}

void all_reduce(const Context& context, const Call& call, const std::byte* in, std::byte* out) {
  switch (call.element()) {
    case 1:
      return all_reduce_as<std::uint8_t>(context, call, in, out);
    case 2:
      return all_reduce_as<std::uint16_t>(context, call, in, out);
    case 4:
      return all_reduce_as<std::uint32_t>(context, call, in, out);
    default:
      return all_reduce_as<std::uint64_t>(context, call, in, out);
  }
}

void broadcast(const Context& context, const Call& call, const std::byte* in, std::byte* out) {
  ::gloo::BroadcastOptions options(context);
  options.setRoot(call.root);
  if (call.rank == call.root && !call.in_place) options.setInput(bytes_of(in), call.block());
  options.setOutput(bytes_of(out), call.block());
  ::gloo::broadcast(options);
}

void all_gather(const Context& context, const Call& call, const std::byte* in, std::byte* out) {
  ::gloo::AllgatherOptions options(context);
  if (!call.in_place) options.setInput(bytes_of(in), call.block());
  options.setOutput(bytes_of(out), call.out_bytes());
  ::gloo::allgather(options);
}

void all_to_all(const Context& context, const Call& call, const std::byte* in, std::byte* out) {
  ::gloo::AlltoallOptions options(context);
  options.setInput(bytes_of(in), call.in_bytes());
  options.setOutput(bytes_of(out), call.out_bytes());
  ::gloo::alltoall(options);
}

void all_to_allv(const Context& context, const Call& call, const std::byte* in, std::byte* out) {
  std::vector<std::int64_t> sent;
  std::vector<std::int64_t> received;
  for (int peer = 0; peer < call.ranks; ++peer) {
    sent.push_back(static_cast<std::int64_t>(call.sent_to(peer)));
    received.push_back(static_cast<std::int64_t>(call.received_from(peer)));
  }
  ::gloo::AlltoallvOptions options(context);
  options.setInput(bytes_of(in), std::move(sent));
  options.setOutput(bytes_of(out), std::move(received));
  ::gloo::alltoallv(options);
}

void barrier(const Context& context) {
  ::gloo::BarrierOptions options(context);
  ::gloo::barrier(options);
}

void run(const Context& context, const Call& call, const std::byte* in, std::byte* out) {
  switch (call.collective) {
    case Collective::barrier:
      return barrier(context);
    case Collective::broadcast:
      return broadcast(context, call, in, out);
    case Collective::all_reduce:
      return all_reduce(context, call, in, out);
    case Collective::all_gather:
      return all_gather(context, call, in, out);
    case Collective::all_to_all:
      return all_to_all(context, call, in, out);
    case Collective::all_to_allv:
      return all_to_allv(context, call, in, out);
    case Collective::reduce_scatter:
    case Collective::send_recv:
      return;
  }
}

/// Gloo divides by the blocks' length.
bool moves_nothing(const Call& call) {
  return call.collective != Collective::barrier && call.collective != Collective::all_to_allv && call.count == 0;
}

}  // namespace

std::string GlooCommunicator::refuses_native(const Call& call) const {
  switch (call.collective) {
    case Collective::send_recv:
      return "Gloo has no collective for send_recv";
    case Collective::reduce_scatter:
      return "Gloo's reduce-scatter overwrites its input";
    case Collective::all_reduce:
      return reducible(call.dtype) ? "" : fmt::format("{} cannot be reduced", name_of(call.dtype));
    case Collective::all_to_all:
    case Collective::all_to_allv:
      return call.in_place ? "Gloo has no all-to-all in place" : "";
    default:
      return {};
  }
}

void GlooCommunicator::native(const Call& call, const std::byte* in, std::byte* out) {
  if (moves_nothing(call)) return;
  try {
    run(mesh_, call, in, out);
  } catch (const std::exception& error) {
    hear_of_losses(world_);
    throw TransportError(fmt::format("gloo: {}: {}", name_of(call.collective), words_of(error)));
  }
}

}  // namespace weft::gloo
