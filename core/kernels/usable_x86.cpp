#include <vector>

#include "core/kernels/x86.hpp"

namespace weft::kernels {

std::span<const Table* const> usable_tables() {
  static const std::vector<const Table*> tables = [] {
    std::vector<const Table*> usable;
    __builtin_cpu_init();
    const bool avx2 = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("f16c") != 0;
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
