#include "transports/communicator.hpp"

#include <cstring>
#include <stdexcept>

#include "core/topology.hpp"

namespace weft {

Bytes Communicator::last_level_cache() const { return weft::last_level_cache(); }

void Communicator::copy(std::byte* into, const std::byte* from, Bytes bytes) { std::memmove(into, from, bytes); }

void Communicator::reduce(std::byte* into, const std::byte* with, Bytes bytes, const Reduction& reduction) {
  reduction.kernel(into, into, with, bytes / reduction.element);
}

void Communicator::open_channels(int) {}

void Communicator::post_recv_reduce(int, int, std::byte*, const std::byte*, Bytes, const Reduction&, Pending&) {
  throw std::logic_error("post_recv_reduce on a transport that does not offer it");
}

std::string Communicator::refuses_native(const Call& call) const {
  return "the transport has no " + std::string(name_of(call.collective)) + " of its own";
}

void Communicator::native(const Call& call, const std::byte*, std::byte*) {
  throw std::logic_error(refuses_native(call));
}

}  // namespace weft
