#pragma once

#include "results/record.hpp"
#include "results/samples.hpp"

namespace weft {

/// An all-reduce as the measurement would give it.
inline Record all_reduce_record(Bytes bytes) {
  Record record;
  record.pattern = record.operation = "all_reduce";
  record.algorithm = "ring";
  record.transport = "shm";
  record.ranks = 4;
  record.dtype = "f32";
  record.op = "sum";
  record.bytes_per_rank = record.bytes_per_peer = bytes;
  record.wire_bytes = bytes * 3 / 2;
  record.cache = "rotate";
  return record;
}

inline Record dispatch_record() {
  Record record;
  record.pattern = "moe";
  record.operation = "dispatch";
  record.algorithm = "linear";
  record.transport = "mpi";
  record.ranks = 4;
  record.dtype = "fp8";
  record.bytes_per_rank = 4 << 20;
  record.bytes_per_peer = 1 << 20;
  record.wire_bytes = 3 << 20;
  record.logical_bytes = 4 << 20;
  record.imbalance = 1.25;
  record.notes = "model=deepseek-v4-pro;router=lognormal,1.3";
  return record;
}

inline Record pipeline_record() {
  Record record;
  record.pattern = "pipeline";
  record.operation = "pipeline";
  record.algorithm = "1f1b";
  record.transport = "shm";
  record.ranks = 4;
  record.dtype = "bf16";
  record.bytes_per_rank = record.bytes_per_peer = record.wire_bytes = 56 << 20;
  record.bubble = 0.2815;
  record.bubble_formula = 3.0 / 11;
  return record;
}

/// Five iterations of 8 to 12 us, mostly slowed by rank 2.
inline Samples five_samples() {
  Samples samples;
  samples.completion = {10'000, 12'000, 8'000, 9'000, 11'000};
  samples.slowest = {2, 1, 2, 3, 2};
  samples.mean_of_ranks_ns = 9'500;
  samples.fastest_rank_mean_ns = 9'000;
  samples.slowest_rank_mean_ns = 9'900;
  samples.first_ns = 250'000;
  samples.warmup = 3;
  samples.checked = true;
  samples.sync = "round-time";
  samples.stop = "iterations";
  return samples;
}

/// Enough iterations for a p99, of 50 to 54 us without a trend, and one outlier of 200 us.
inline Samples many_samples() {
  Samples samples = five_samples();
  samples.completion.clear();
  for (int i = 0; i < 400; ++i) samples.completion.push_back(50'000 + 10 * ((i * 149) % 400));
  samples.completion[17] = 200'000;
  samples.slowest.assign(400, 3);
  samples.start_skew.assign(400, 250);
  samples.stop = "interval";
  samples.disturbance = {.switches_voluntary = 12, .switches_involuntary = 3, .steal_share = 0};
  return samples;
}

}  // namespace weft
