#include "measure/batching.hpp"

namespace weft {

int calls_per_sample(double call_ns, double overhead_ns) {
  constexpr int kMostCalls = 1 << 16;
  int calls = 1;
  while (calls < kMostCalls && calls * call_ns < kTimesOverhead * overhead_ns) calls *= 2;
  return calls;
}

}  // namespace weft
