#include "transports/communicator.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

#include <sys/mman.h>

#include "core/error.hpp"
#include "core/system.hpp"
#include "core/topology.hpp"

namespace weft {

Memory allocate_pages(Bytes bytes, MemoryKind kind) {
  constexpr Bytes kPage = 4096;
  const bool huge = kind == MemoryKind::huge;
  const Bytes page = huge ? kHugePage : kPage;
  const Bytes size = std::max<Bytes>(1, (bytes + page - 1) / page) * page;
  Memory memory(static_cast<std::byte*>(std::aligned_alloc(page, size)), [](std::byte* freed) { std::free(freed); });
  if (memory == nullptr) throw TransportError("no memory for a buffer of " + std::to_string(bytes) + " bytes");
  if (huge && madvise(memory.get(), size, MADV_HUGEPAGE) != 0)
    throw TransportError("no huge pages for a buffer of " + std::to_string(bytes) + " bytes");
  std::memset(memory.get(), 0, size);
  return memory;
}

Bytes Communicator::last_level_cache() const { return weft::last_level_cache(); }

void Communicator::copy(std::byte* into, const std::byte* from, Bytes bytes) { std::memmove(into, from, bytes); }

void Communicator::reduce(std::byte* into, const std::byte* with, Bytes bytes, std::size_t blocks,
                          const Reduction& reduction) {
  reduction.fold(into, with, bytes / reduction.element, blocks);
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
