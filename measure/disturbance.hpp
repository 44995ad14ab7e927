#pragma once

#include <cstdint>
#include <string_view>

namespace weft {

/// Context switches of the calling thread, and CPU time of its host, as counted since the start.
struct HostCounters {
  std::int64_t switches_voluntary = -1;    ///< -1: the kernel does not say
  std::int64_t switches_involuntary = -1;  ///< likewise
  std::int64_t steal = -1;                 ///< ticks that the hypervisor gave to others; likewise
  std::int64_t ticks = -1;                 ///< of all CPUs, in whatever state
};

/// What others did to this rank while it was timed, summed over the parts of a point.
struct RankDisturbance {
  std::int64_t switches_voluntary = 0;
  std::int64_t switches_involuntary = 0;
  std::int64_t steal = 0;
  std::int64_t ticks = 0;

  void add(const HostCounters& before, const HostCounters& after);
};

/// Reads getrusage and /proc/stat: some microseconds, outside timed regions.
HostCounters read_host_counters();

/// Fills steal and ticks from the first line of /proc/stat (proc(5)); leaves them where the line is none.
void parse_cpu_line(std::string_view line, HostCounters& counters);

}  // namespace weft
