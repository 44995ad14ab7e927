// GB/s of the kernels, each beside memcpy and a non-temporal copy on the same buffers, in turn within every iteration:
// what disturbs one disturbs the others. Each first runs once untimed, so that it finds the caches as it leaves them
// itself. Times are of the thread's CPU clock, medians over the iterations. For medians over spread repetitions:
//   kernels_bench --benchmark_repetitions=7 --benchmark_enable_random_interleaving=true
//     --benchmark_report_aggregates_only=true
//
// The limits derived from the copies. Let memory move r bytes/s in all. Of a vector of s bytes a kernel reads `read` x
// s and writes `written` x s. A write through the cache first reads the line (write-allocate) and so counts w = 2
// times, a non-temporal one w = 1. With the same stores a kernel cannot exceed r / (read + w written), nor a copy (read
// 1, written 1) r / (1 + w), so that
//   limit = the copy's GB/s x (1 + w) / (read + w written)
// and a reduction out of place (read 2, written 1) has 3/4 of memcpy as its limit (of_memcpy_limit, w = 2), 2/3 of the
// non-temporal copy (of_streaming_limit, w = 1). Counting only the streams that the program names, 3 against 2, would
// give 2/3 of memcpy: 3/4 asks more. A streaming kernel may exceed memcpy's limit, as it saves the write-allocate.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <time.h>

#include "core/kernels.hpp"
#include "core/units.hpp"

namespace weft {
namespace {

/// Three vectors, all faulted in, without NaN or subnormals in any type.
struct Vectors {
  std::vector<std::uint8_t> into, a, b;
  explicit Vectors(Bytes bytes) : into(bytes, 0x3c), a(bytes, 0x3c), b(bytes, 0x3d) {}
};

struct Kernel {
  std::string name;
  double read, written;  ///< bytes for each byte of the vector
  std::function<void(Vectors&)> run;
};

/// This thread's CPU time in ns: other programs on the same core do not count.
double cpu_now() {
  timespec now = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

/// One kind of work and how long one call of it took, in each iteration.
struct Timed {
  std::function<void()> work;
  std::vector<double> ns = {};

  void measure(std::size_t times) {
    work();
    const double start = cpu_now();
    for (std::size_t i = 0; i < times; ++i) {
      work();
      benchmark::ClobberMemory();
    }
    ns.push_back((cpu_now() - start) / static_cast<double>(times));
  }

  double median() {
    const auto middle = ns.begin() + static_cast<std::ptrdiff_t>(ns.size() / 2);
    std::nth_element(ns.begin(), middle, ns.end());
    return *middle;
  }
};

void compare_with_copies(benchmark::State& state, const Kernel& kernel, Bytes bytes) {
  Vectors vectors(bytes);
  const std::size_t times = std::max<Bytes>(1, (Bytes{1} << 20) / bytes);  // what the clock costs vanishes
  Timed own = {[&] { kernel.run(vectors); }};
  Timed copy = {[&] { std::memcpy(vectors.into.data(), vectors.a.data(), bytes); }};
  Timed streaming = {[&] { copy_streaming(vectors.into.data(), vectors.a.data(), bytes); }};
  for ([[maybe_unused]] auto iteration : state) {
    for (Timed* timed : {&copy, &own, &streaming}) timed->measure(times);
    state.SetIterationTime(own.ns.back() * 1e-9);
  }
  const auto rate = [&](Timed& timed) { return gigabytes_per_second(bytes, timed.median()); };
  const auto limit = [&](Timed& timed, double w) { return rate(timed) * (1 + w) / (kernel.read + w * kernel.written); };
  state.counters["GBps"] = rate(own);
  state.counters["memcpy_GBps"] = rate(copy);
  state.counters["of_memcpy_limit"] = rate(own) / limit(copy, 2);
  state.counters["streaming_copy_GBps"] = rate(streaming);
  state.counters["of_streaming_limit"] = rate(own) / limit(streaming, 1);
}

void add_reductions(std::vector<Kernel>& kernels) {
  for (const Datatype type : {Datatype::f32, Datatype::f64, Datatype::bf16, Datatype::f16, Datatype::i32, Datatype::u8})
    for (const Stores stores : {Stores::cached, Stores::streaming}) {
      const ReduceKernel reduce = reduce_kernel(type, ReduceOp::sum, stores);
      const Bytes element = size_of(type);
      const std::string how = stores == Stores::cached ? "" : "_streaming";
      kernels.push_back({"sum_" + std::string(name_of(type)) + how, 2, 1,
                         [=](Vectors& v) { reduce(v.into.data(), v.a.data(), v.b.data(), v.into.size() / element); }});
    }
}

void add_copies(std::vector<Kernel>& kernels) {
  constexpr std::size_t kRow = 7392;  // FP8 with scales of a token, hidden size 7168
  const auto shuffled = [](const Vectors& v) {
    static std::vector<std::uint32_t> index;
    if (index.size() != v.into.size() / kRow) {
      index.resize(v.into.size() / kRow);
      std::iota(index.begin(), index.end(), 0U);
      std::shuffle(index.begin(), index.end(), std::mt19937(1));
    }
    return std::span<const std::uint32_t>(index);
  };
  kernels.push_back(
      {"copy_streaming", 1, 1, [](Vectors& v) { copy_streaming(v.into.data(), v.a.data(), v.into.size()); }});
  kernels.push_back({"pack_rows", 1, 1, [=](Vectors& v) { pack_rows(v.into.data(), v.a.data(), kRow, shuffled(v)); }});
  kernels.push_back(
      {"unpack_rows", 1, 1, [=](Vectors& v) { unpack_rows(v.into.data(), v.a.data(), kRow, shuffled(v)); }});
}

/// The vector is the bf16 one; its FP8 form has half the bytes and a float for 256 of them.
void add_fp8(std::vector<Kernel>& kernels) {
  constexpr double kQuantised = 0.5 + 4.0 / (2 * kFp8Block);
  kernels.push_back({"quantise_fp8", 1, kQuantised, [](Vectors& v) {
                       quantise_fp8(v.into.data(), reinterpret_cast<float*>(v.into.data() + v.into.size() / 2),
                                    reinterpret_cast<const std::uint16_t*>(v.a.data()), v.a.size() / 2);
                     }});
  kernels.push_back({"dequantise_fp8", kQuantised, 1, [](Vectors& v) {
                       dequantise_fp8(reinterpret_cast<std::uint16_t*>(v.into.data()), v.a.data(),
                                      reinterpret_cast<const float*>(v.a.data() + v.a.size() / 2), v.a.size() / 2);
                     }});
}

}  // namespace
}  // namespace weft

int main(int argc, char** argv) {
  using namespace weft;
  std::vector<Kernel> kernels;
  add_reductions(kernels);
  add_copies(kernels);
  add_fp8(kernels);
  for (const Kernel& kernel : kernels)
    for (const Bytes bytes : {Bytes{64} << 10, Bytes{1} << 20, Bytes{4} << 20, Bytes{64} << 20})
      benchmark::RegisterBenchmark((kernel.name + "/" + format_bytes(bytes)).c_str(), compare_with_copies, kernel,
                                   bytes)
          ->UseManualTime()
          ->MinTime(0.05);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::AddCustomContext("instruction_set", kernel_instruction_set());
  benchmark::RunSpecifiedBenchmarks();
}
