#include "core/system.hpp"

#include <cmath>
#include <fstream>
#include <sstream>
#include <string_view>

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace weft {

namespace {

utsname kernel_names() {
  utsname names = {};
  uname(&names);
  return names;
}

std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  return std::getline(file, line) && !line.empty() ? line : kUnknownFact;
}

/// What follows "key :" in a file of such lines, as /proc/cpuinfo.
std::string value_of(const char* path, std::string_view key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos || !line.starts_with(key)) continue;
    const std::size_t start = line.find_first_not_of(" \t", colon + 1);
    if (start != std::string::npos) return line.substr(start);
  }
  return kUnknownFact;
}

}  // namespace

std::string host_name() { return kernel_names().nodename; }

std::string kernel_release() {
  const utsname names = kernel_names();
  return std::string(names.sysname) + " " + names.release;
}

std::string cpu_model() {
  const std::string model = value_of("/proc/cpuinfo", "model name");
  return model == kUnknownFact ? kernel_names().machine : model;
}

std::string cpu_governor() { return first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"); }

std::string boot_id() { return first_line("/proc/sys/kernel/random/boot_id"); }

std::string clock_source() { return first_line("/sys/devices/system/clocksource/clocksource0/current_clocksource"); }

std::uint64_t raise_open_files() {
  rlimit files = {};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return 0;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  return files.rlim_max;
}

std::string transparent_huge_pages() {
  const std::string choices = first_line("/sys/kernel/mm/transparent_hugepage/enabled");  // "always [madvise] never"
  const std::size_t open = choices.find('[');
  const std::size_t close = choices.find(']');
  return open == std::string::npos || close < open ? kUnknownFact : choices.substr(open + 1, close - open - 1);
}

Bytes reserved_huge_pages() {
  std::ifstream file("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages");
  Bytes pages = 0;
  return file >> pages ? pages * kHugePage : 0;
}

Bytes memory_total() {
  const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  return pages > 0 && page > 0 ? static_cast<Bytes>(pages) * static_cast<Bytes>(page) : 0;
}

Bytes memory_available() {
  std::ifstream file("/proc/meminfo");
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream words(line);  // "MemAvailable:   12345 kB"
    std::string key;
    Bytes kibibytes = 0;
    if (words >> key >> kibibytes && key == "MemAvailable:") return kibibytes << 10;
  }
  return 0;
}

int cpu_quota() {
  std::istringstream line(first_line("/sys/fs/cgroup/cpu.max"));  // "max 100000" or "150000 100000", microseconds
  double quota = 0, period = 0;
  return line >> quota >> period && period > 0 ? static_cast<int>(std::ceil(quota / period)) : 0;
}

std::uint64_t cpu_quota_group() {
  struct stat group = {};
  return stat("/sys/fs/cgroup", &group) == 0 ? group.st_ino : 0;  // a container's own group is mounted there
}

}  // namespace weft
