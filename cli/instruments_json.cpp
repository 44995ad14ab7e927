#include "cli/instruments_json.hpp"

#include "measure/agree.hpp"
#include "measure/noise.hpp"

namespace weft::cli {

nlohmann::json describe_instruments(const std::string& transport, TimerKind kind, const Instruments& instruments,
                                    World& world) {
  const ClockBounds bounds = instruments.clock.bounds();
  const std::vector<double> largest =
      largest_over_ranks(world, std::vector<double>{instruments.timer.overhead_ns(), instruments.timer.resolution_ns(),
                                                    bounds.bound_ns, bounds.closure_ns, std::abs(bounds.drift_ppm),
                                                    instruments.timer.still_calibrated() ? 0.0 : 1.0});
  return {{"transport", transport},      {"timer", name_of(kind)},        {"overhead_ns", largest[0]},
          {"resolution_ns", largest[1]}, {"calibrated", largest[5] == 0}, {"shared", bounds.shared},
          {"bound_ns", largest[2]},      {"closure_ns", largest[3]},      {"drift_ppm", largest[4]}};
}

nlohmann::json probe_noise_of_ranks(World& world, Nanoseconds duration) {
  world.barrier();
  const NoiseReport mine = probe_noise(duration);
  const nlohmann::json json = {{"quanta", mine.quanta},
                               {"quantum_ns", mine.quantum_ns},
                               {"lost_share", mine.lost_share},
                               {"largest_gap_ns", mine.largest_gap}};
  nlohmann::json all;
  for (const std::string& blob : world.gather(json.dump())) all.push_back(nlohmann::json::parse(blob));
  return all;
}

}  // namespace weft::cli
