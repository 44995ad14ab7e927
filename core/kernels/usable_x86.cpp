#include <vector>

#include <cpuid.h>

#include "core/kernels/x86.hpp"

namespace weft::kernels {

namespace {

/// F16C, which not every compiler's __builtin_cpu_supports knows.
bool converts_halves() {
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & bit_F16C) != 0;
}

}  // namespace

std::span<const Table* const> usable_tables() {
  static const std::vector<const Table*> tables = [] {
    std::vector<const Table*> usable;
    __builtin_cpu_init();
    const bool avx2 = __builtin_cpu_supports("avx2") != 0 && converts_halves();
    const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
                        __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("avx512dq") != 0;
    if (avx512) usable.push_back(&kAvx512);
    if (avx2) usable.push_back(&kAvx2);
    usable.push_back(&kPortable);
    return usable;
  }();
  return tables;
}

}  // namespace weft::kernels
