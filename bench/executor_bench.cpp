// What the executor costs per step: programs over a transport whose every call does nothing.
#include <benchmark/benchmark.h>

#include "collectives/execute.hpp"
#include "collectives/registry.hpp"

namespace weft {
namespace {

class AloneWorld final : public World {
 public:
  std::string_view name() const override { return "alone"; }
  int rank() const override { return 0; }
  int ranks() const override { return 1; }
  std::vector<std::string> allgather(std::string_view mine) override { return {std::string(mine)}; }
  void abort(std::string_view) noexcept override {}
  void check() override {}
  void set_deadline(Nanoseconds, const char*) override {}
};

/// Every operation completes as it is posted, and moves nothing.
class Nothing final : public Communicator {
 public:
  using Communicator::Communicator;
  Memory allocate(Bytes) override { return nullptr; }
  void post_send(int, int, const std::byte*, Bytes, Pending&) override {}
  void post_recv(int, int, std::byte*, Bytes, Pending&) override {}
  bool offers_recv_reduce() const override { return true; }
  void post_recv_reduce(int, int, std::byte*, const std::byte*, Bytes, const Reduction&, Pending&) override {}
  void progress() override {}
  void relax(Nanoseconds) override {}
  bool carries_data() const override { return false; }
};

void run_all_to_all(benchmark::State& state, const char* algorithm) {
  Call call;
  call.collective = Collective::all_to_all;
  call.ranks = static_cast<int>(state.range(0));
  call.count = 1;
  Nothing transport(0, call.ranks);
  AloneWorld world;
  const Program program = build_program(collectives::find(call.collective, algorithm), call);
  Executor executor(program, transport, world);
  for (auto _ : state) executor.run({});
  const auto steps = static_cast<double>(program.lanes[0].steps().size());
  state.counters["per_step"] =
      benchmark::Counter(steps, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

BENCHMARK_CAPTURE(run_all_to_all, pairwise, "pairwise")->Arg(8)->Arg(64)->Arg(1024);
BENCHMARK_CAPTURE(run_all_to_all, linear, "linear")->Arg(64);
BENCHMARK_CAPTURE(run_all_to_all, bruck, "bruck")->Arg(64);

}  // namespace
}  // namespace weft

BENCHMARK_MAIN();
