#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "collectives/payload.hpp"
#include "collectives/registry.hpp"
#include "measure/measure.hpp"
#include "transports/registry.hpp"
#include "worlds/registry.hpp"

namespace weft::model_point {

inline constexpr Nanoseconds kLatency = 1000;

/// One collective by an algorithm of weft, whose result can be spoilt on purpose.
class CallWorkload : public Workload {
 public:
  CallWorkload(Call call, const char* algorithm, bool keeps_pace = true, bool spoilt = false)
      : call_(std::move(call)),
        keeps_pace_(keeps_pace),
        spoilt_(spoilt),
        programs_{build_program(collectives::find(call_.collective, algorithm), call_)} {}

  const std::vector<Program>& programs() const override { return programs_; }
  void fill(std::size_t, const Buffers& buffers, std::uint64_t salt) const override {
    fill_payload(call_, buffers, spoilt_ ? salt + 1 : salt);
  }
  std::uint64_t count_wrong(std::size_t, const Buffers& buffers, std::uint64_t salt) const override {
    return weft::count_wrong(call_, buffers, salt);
  }
  Bytes wire_bytes(std::size_t) const override { return programs_.front().sent_bytes(); }
  bool keeps_pace() const override { return keeps_pace_; }

 private:
  Call call_;
  bool keeps_pace_;
  bool spoilt_;
  std::vector<Program> programs_;
};

/// A measurement over the model transport, where the truth is known.
struct Experiment {
  int ranks = 4;
  std::uint64_t count = 1;  ///< f32 elements of an all-reduce
  const char* algorithm = "ring";
  FabricModel fabric = {.latency = kLatency, .bandwidth = 1.0};
  MeasureOptions options = {.cache = CacheMode::hot};
  int spoilt_rank = -1;
  bool keeps_pace = true;

  /// Of the ring without jitter, where every rank has a chunk: 2 (n - 1) rounds of latency + chunk / bandwidth.
  Nanoseconds truth() const {
    return Nanoseconds{2} * (ranks - 1) * (kLatency + static_cast<Nanoseconds>(count * 4) / ranks);
  }
};

/// Runs `body` on every rank of the model transport.
inline void on_model(int ranks, const FabricModel& fabric, const std::function<void(Communicator&, World&)>& body) {
  const int code = worlds::registry().find("fibers").launch({.ranks = ranks}, [&](World& world) {
    TransportOptions options;
    options.model = fabric;
    const auto communicator = transports::registry().find("model").create(world, options);
    body(*communicator, world);
    return 0;
  });
  EXPECT_EQ(code, 0);
}

inline Samples measure(const Experiment& experiment) {
  Samples samples;
  on_model(experiment.ranks, experiment.fabric, [&](Communicator& communicator, World& world) {
    const Call call{.collective = Collective::all_reduce,
                    .rank = world.rank(),
                    .ranks = experiment.ranks,
                    .count = experiment.count};
    const CallWorkload workload(call, experiment.algorithm, experiment.keeps_pace,
                                world.rank() == experiment.spoilt_rank);
    const auto nodes = std::vector<int>(static_cast<std::size_t>(experiment.ranks), 0);
    Instruments instruments(communicator, world, experiment.options.sync, TimerKind::monotonic, nodes);
    PreparedPoint point(workload, communicator, world, experiment.options);
    Samples mine = point.measure(instruments);
    if (world.rank() == 0) samples = std::move(mine);
  });
  return samples;
}

}  // namespace weft::model_point
