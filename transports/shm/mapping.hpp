#pragma once

#include <string>

#include <sys/types.h>

#include "core/units.hpp"

namespace weft::shm {

/// An open anonymous file in memory. It has no name in any file system, so that nothing is left behind however the
/// process ends. Closed with the object; mappings of it stay.
class MemoryFile {
 public:
  /// Creates one of this size, with `huge` of the system's reserved huge pages. Throws TransportError.
  MemoryFile(Bytes bytes, bool huge);
  /// Opens the one that process `owner` of this host has open as `descriptor`. Throws TransportError.
  MemoryFile(pid_t owner, int descriptor);
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile();

  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

/// A MemoryFile in this process's address space, readable and writable, every page faulted in; in huge pages where the
/// size deserves them and the kernel gives them. Unmapped with the object.
class Mapping {
 public:
  /// Throws TransportError where the memory does not exist or is not to be had.
  Mapping(const MemoryFile& file, Bytes bytes);
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping();

  std::byte* data() const { return data_; }
  Bytes size() const { return size_; }

 private:
  std::byte* data_;
  Bytes size_;
};

/// What a file of `bytes` is rounded up to: whole pages, huge ones from kHugeFrom on and with `huge`; never 0.
Bytes rounded_to_pages(Bytes bytes, bool huge);

/// Identifies the kernel and the process namespace that this process lives in: equal on two ranks exactly where one can
/// open the other's memory by its process id.
struct HostIdentity {
  std::string name;       ///< the host's name
  std::string boot;       ///< id of the kernel's boot
  std::string processes;  ///< id of the process namespace
};
HostIdentity this_host();

}  // namespace weft::shm
