#pragma once

#include <cstdint>
#include <string>

#include "core/units.hpp"

namespace weft {

inline constexpr const char* kUnknownFact = "n/a";

/// Facts about this host, read from the kernel each time. kUnknownFact where the kernel does not say (a virtual machine
/// has no governor); never fails.
std::string host_name();
std::string kernel_release();  ///< as `uname -sr`
std::string cpu_model();
std::string cpu_governor();  ///< of CPU 0: "performance", "powersave", ...
std::string boot_id();       ///< of the running kernel, another each time that it is booted
std::string clock_source();  ///< what CLOCK_MONOTONIC counts: "tsc", "kvm-clock", ...
Bytes memory_total();        ///< 0 where it is not known
Bytes memory_available();    ///< what can be allocated without swapping; 0 where it is not known

/// Raises this process's own limit of open files to the one that the system sets it (ulimit -Hn), which is returned.
std::uint64_t raise_open_files();

inline constexpr Bytes kHugePage = Bytes{2} << 20;
std::string transparent_huge_pages();  ///< for memory of one process: "always", "madvise" or "never"
Bytes reserved_huge_pages();           ///< bytes of the pool of pages of kHugePage that nobody uses

/// CPUs' worth of time that the control group of this process may use (cgroup v2 cpu.max), rounded up; 0 where there is
/// no limit. A container started with a CPU quota sees all cores and may not use them.
int cpu_quota();

/// Which control group that is: processes of one kernel that get the same number share the quota. 0 where it is not
/// known.
std::uint64_t cpu_quota_group();

}  // namespace weft
