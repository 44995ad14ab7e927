#include <benchmark/benchmark.h>

#include "patterns/router.hpp"

namespace weft {
namespace {

constexpr std::uint64_t kTokens = 65'536;

void draw_and_count(benchmark::State& state, const Model& model, const RouterOptions& options) {
  const Router router(model, options, 1, 0);
  for (auto _ : state) benchmark::DoNotOptimize(router.count(kTokens, 0));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * kTokens));
}

Model shape(std::uint64_t experts, std::uint64_t top_k, std::uint64_t groups = 1, std::uint64_t top_groups = 1) {
  Model model;
  model.experts = experts;
  model.top_k = top_k;
  model.groups = groups;
  model.top_groups = top_groups;
  return model;
}

// 65,536 tokens of DeepSeek-V4-Pro (384 experts, top-6) and of DeepSeek-V3 (256 experts in 8 groups, top-8 in 4).
BENCHMARK_CAPTURE(draw_and_count, v4_pro_uniform, shape(384, 6), RouterOptions{})->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(draw_and_count, v4_pro_lognormal_3, shape(384, 6), RouterOptions{"lognormal", 3, ""})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(draw_and_count, v4_pro_powerlaw_8, shape(384, 6), RouterOptions{"powerlaw", 8, ""})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(draw_and_count, v3_grouped, shape(256, 8, 8, 4), RouterOptions{})->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weft

BENCHMARK_MAIN();
