#pragma once

#include <string>

#include "transports/communicator.hpp"
#include "transports/nccl/vendor.hpp"

// All that is called of the runtime, CUDA's or HIP's. Everything throws TransportError unless it says otherwise.
// Nothing here is called before the rank is a process of its own: CUDA does not survive a fork.
namespace weft::nccl {

/// Empty where this process sees a device, else a sentence.
std::string lacks_device();

int device_count();
/// The same for two processes exactly where they have one device.
std::string device_identity(int device);
/// From now on the calling thread's.
void use_device(int device);

Bytes device_cache();  ///< the second-level cache of the device in use

/// Zeroed memory of the device in use, or page-locked memory of the host that it reads and writes.
Memory new_device_memory(Bytes bytes, Stream stream);
Memory new_registered_memory(Bytes bytes);

/// Ordered by nothing but itself.
Stream new_stream();
void delete_stream(Stream stream) noexcept;
/// Whether everything on it has ended.
bool is_idle(Stream stream);
void wait_for(Stream stream);

/// In the order of the stream; each from this host's memory or the device's.
void copy(std::byte* into, const std::byte* from, Bytes bytes, Stream stream);

/// Throws where the last start of a kernel failed.
void check_launch();

}  // namespace weft::nccl
