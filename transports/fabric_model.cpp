#include "transports/fabric_model.hpp"

#include <string_view>

#include <fmt/format.h>

namespace weft {

std::string flaw_of(const FabricModel& model) {
  std::string flaw;
  const auto check = [&flaw](std::string_view what, auto value, auto least, auto most, std::string_view unit) {
    if (flaw.empty() && !(least <= value && value <= most))  // so that a NaN is a flaw
      flaw = fmt::format("the model's {} must be from {} to {}{}, not {}", what, least, most, unit, value);
  };
  const auto check_delay = [&](std::string_view what, Nanoseconds value) {
    check(what, value, Nanoseconds{0}, kLongestModelDelay, " ns");
  };
  check_delay("latency", model.latency);
  check("bandwidth", model.bandwidth, kSlowestPort, kFastestPort, " GB/s");
  check("ranks-per-node", model.ranks_per_node, 0, kMostRanksOfNode, "");
  check_delay("node-latency", model.node_latency);
  if (model.ranks_per_node > 0) check("node-bandwidth", model.node_bandwidth, kSlowestPort, kFastestPort, " GB/s");
  if (model.node_uplink != 0) check("node-uplink", model.node_uplink, kSlowestPort, kFastestPort, " GB/s");
  check("jitter (sigma of a log-normal factor)", model.jitter, 0.0, 5.0, "");
  check_delay("skew", model.skew);
  check_delay("overhead", model.overhead);
  check("share of stalls", model.stall_share, 0.0, 1.0, "");
  check("factor of stalls", model.stall_factor, 1.0, 1e6, "");
  check_delay("clock-offset", model.clock_offset);
  check("clock-drift", model.clock_drift, 0.0, 1e3, " ppm");
  check("late rank", model.late_rank, 0, 1'000'000, "");
  check_delay("late", model.late_by);
  check("launch (coefficient of variation)", model.launch_cv, 0.0, 1.0, "");
  check("factor of slow", model.slow_factor, 1e-3, 1e3, "");
  return flaw;
}

}  // namespace weft
