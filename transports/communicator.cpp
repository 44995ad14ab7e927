#include "transports/communicator.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

#include "core/error.hpp"

namespace weft {

Memory allocate_pages(Bytes bytes) {
  constexpr Bytes kPage = 4096;
  const Bytes size = std::max<Bytes>(1, (bytes + kPage - 1) / kPage) * kPage;
  void* memory = std::aligned_alloc(kPage, size);
  if (memory == nullptr) throw TransportError("no memory for a buffer of " + std::to_string(bytes) + " bytes");
  std::memset(memory, 0, size);
  return {static_cast<std::byte*>(memory), [](std::byte* freed) { std::free(freed); }};
}

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
