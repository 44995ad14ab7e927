#include "transports/shm/mapping.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/error.hpp"
#include "core/system.hpp"

namespace weft::shm {

namespace {

constexpr Bytes kPage = 4096;
constexpr Bytes kHugeFrom = 1 << 20;

int checked(int result, const std::string& what) {
  if (result < 0) throw TransportError(fmt::format("shm: {}: {}", what, std::strerror(errno)));
  return result;
}

/// Maps at a multiple of the huge page's size, since the kernel maps huge pages only where address and offset agree.
void* map_aligned(int descriptor, Bytes bytes) {
  const Bytes reserved = bytes + kHugePage;
  void* const reservation = mmap(nullptr, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (reservation == MAP_FAILED) return MAP_FAILED;
  const Bytes skipped = (kHugePage - reinterpret_cast<std::uintptr_t>(reservation) % kHugePage) % kHugePage;
  std::byte* const at = static_cast<std::byte*>(reservation) + skipped;
  if (skipped > 0) munmap(reservation, skipped);
  if (kHugePage > skipped) munmap(at + bytes, kHugePage - skipped);
  void* const mapped = mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, descriptor, 0);
  if (mapped == MAP_FAILED) munmap(at, bytes);
  return mapped;
}

/// Faults every page in. MADV_POPULATE_WRITE says so when there is no memory, where a touch would kill the process.
void populate(void* data, Bytes bytes) {
  if (madvise(data, bytes, MADV_POPULATE_WRITE) == 0) return;
  if (errno != EINVAL) checked(-1, fmt::format("cannot have {} bytes of memory", bytes));
  const volatile auto* const page = static_cast<const volatile std::byte*>(data);
  for (Bytes at = 0; at < bytes; at += kPage) static_cast<void>(page[at]);
}

}  // namespace

Bytes rounded_to_pages(Bytes bytes, bool huge) {
  const Bytes page = huge || bytes >= kHugeFrom ? kHugePage : kPage;
  return bytes == 0 ? page : (bytes + page - 1) / page * page;
}

MemoryFile::MemoryFile(Bytes bytes, bool huge)
    : descriptor_(checked(memfd_create("weft", MFD_CLOEXEC | (huge ? MFD_HUGETLB | MFD_HUGE_2MB : 0)),
                          huge ? "cannot create a memory file of huge pages" : "cannot create a memory file")) {
  if (ftruncate(descriptor_, static_cast<off_t>(bytes)) == 0) return;
  const int error = errno;
  close(descriptor_);
  throw TransportError(fmt::format("shm: cannot size a memory file to {} bytes: {}", bytes, std::strerror(error)));
}

MemoryFile::MemoryFile(pid_t owner, int descriptor)
    : descriptor_(checked(open(fmt::format("/proc/{}/fd/{}", owner, descriptor).c_str(), O_RDWR | O_CLOEXEC),
                          fmt::format("cannot open the memory of process {} (ranks must run as one user and see each "
                                      "other in /proc)",
                                      owner))) {}

MemoryFile::~MemoryFile() { close(descriptor_); }

Mapping::Mapping(const MemoryFile& file, Bytes bytes) : data_(nullptr), size_(bytes) {
  void* const mapped = bytes >= kHugePage
                           ? map_aligned(file.descriptor(), bytes)
                           : mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.descriptor(), 0);
  if (mapped == MAP_FAILED) checked(-1, fmt::format("cannot map {} bytes", bytes));
  data_ = static_cast<std::byte*>(mapped);
  if (bytes >= kHugePage) madvise(mapped, bytes, MADV_HUGEPAGE);  // no harm where the kernel has none
  try {
    populate(mapped, bytes);
  } catch (...) {
    munmap(mapped, bytes);
    throw;
  }
}

Mapping::~Mapping() { munmap(data_, size_); }

HostIdentity this_host() {
  HostIdentity host;
  std::array<char, 256> text{};
  if (gethostname(text.data(), text.size() - 1) == 0) host.name = text.data();
  std::ifstream("/proc/sys/kernel/random/boot_id") >> host.boot;
  text.fill(0);
  if (readlink("/proc/self/ns/pid", text.data(), text.size() - 1) > 0) host.processes = text.data();
  return host;
}

}  // namespace weft::shm
