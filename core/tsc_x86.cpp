#include <cpuid.h>
#include <x86intrin.h>

#include "core/tsc.hpp"

namespace weft::tsc {

// CPUID leaves of AMD64 Architecture Programmer's Manual, volume 3, appendix E; Intel's are the same.
std::string unfit() {
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  constexpr unsigned kReadWithId = 1U << 27;  // RDTSCP, which waits for what is before it
  constexpr unsigned kInvariant = 1U << 8;    // constant and nonstop
  if (__get_cpuid(0x80000001, &eax, &ebx, &ecx, &edx) == 0 || (edx & kReadWithId) == 0)
    return "this CPU has no RDTSCP instruction";
  if (__get_cpuid(0x80000007, &eax, &ebx, &ecx, &edx) == 0 || (edx & kInvariant) == 0)
    return "this CPU's time-stamp counter is not said to be constant and nonstop";
  return {};
}

std::uint64_t ticks() {
  unsigned cpu = 0;
  return __rdtscp(&cpu);
}

}  // namespace weft::tsc
