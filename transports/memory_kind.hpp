#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace weft {

/// What the payload lies in. Which kinds a transport takes is its own to say (docs/transports.md).
enum class MemoryKind : std::uint8_t {
  automatic,   ///< the transport's own: device for those that move device memory, else host
  host,        ///< pages of the host, huge where the kernel gives them of itself
  huge,        ///< huge pages of the host, or the point fails
  registered,  ///< page-locked pages of the host, which a device reads and writes
  device,      ///< a CUDA or HIP device's
};

std::string_view name_of(MemoryKind kind);
MemoryKind parse_memory_kind(std::string_view name);  ///< throws UsageError

/// Empty where `kind` is among those that the transport takes, else a sentence.
std::string refuses_memory(std::string_view transport, MemoryKind kind, std::initializer_list<MemoryKind> takes);

/// The same for a transport of which allocate_pages() makes the memory: host, or huge where the system has transparent
/// huge pages.
std::string refuses_pages(std::string_view transport, MemoryKind kind);

}  // namespace weft
