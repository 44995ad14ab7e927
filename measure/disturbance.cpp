#include "measure/disturbance.hpp"

#include <array>
#include <charconv>
#include <fstream>
#include <string>

#include <sys/resource.h>

namespace weft {

namespace {

// user nice system idle iowait irq softirq steal; guest and guest_nice are contained in user and nice.
constexpr std::size_t kFields = 8;
constexpr std::size_t kSteal = 7;

}  // namespace

void parse_cpu_line(std::string_view line, HostCounters& counters) {
  if (!line.starts_with("cpu ")) return;
  std::array<std::int64_t, kFields> values{};
  const char* at = line.data() + 4;
  const char* const end = line.data() + line.size();
  for (std::int64_t& value : values) {
    while (at != end && *at == ' ') ++at;
    const auto [next, error] = std::from_chars(at, end, value);
    if (error != std::errc()) return;
    at = next;
  }
  counters.steal = values[kSteal];
  counters.ticks = 0;
  for (const std::int64_t value : values) counters.ticks += value;
}

HostCounters read_host_counters() {
  HostCounters counters;
  rusage usage{};
  if (::getrusage(RUSAGE_THREAD, &usage) == 0) {
    counters.switches_voluntary = usage.ru_nvcsw;
    counters.switches_involuntary = usage.ru_nivcsw;
  }
  std::ifstream stat("/proc/stat");
  std::string line;
  if (std::getline(stat, line)) parse_cpu_line(line, counters);
  return counters;
}

void RankDisturbance::add(const HostCounters& before, const HostCounters& after) {
  const auto increase = [](std::int64_t& sum, std::int64_t from, std::int64_t to) {
    sum = sum < 0 || from < 0 || to < 0 ? -1 : sum + (to - from);
  };
  increase(switches_voluntary, before.switches_voluntary, after.switches_voluntary);
  increase(switches_involuntary, before.switches_involuntary, after.switches_involuntary);
  increase(steal, before.steal, after.steal);
  increase(ticks, before.ticks, after.ticks);
}

}  // namespace weft
