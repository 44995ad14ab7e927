#include "transports/communicator.hpp"

#include <stdexcept>

namespace weft {

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
