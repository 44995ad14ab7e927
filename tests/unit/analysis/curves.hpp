#pragma once

#include <functional>
#include <vector>

#include "analysis/curves.hpp"

namespace weft {

/// A curve of 4 ranks over mpi from 1 KiB to 1 MiB by doubling; `time` gives us.
inline Curve curve_of(const std::string& operation, const std::function<double(Bytes)>& time,
                      const std::string& algorithm = "native") {
  Curve curve{operation == "pingpong" ? "send_recv" : operation, operation, algorithm, "mpi", 4, "f32", "", false, {}};
  for (Bytes bytes = 1 << 10; bytes <= 1 << 20; bytes *= 2) {
    const double us = time(bytes);
    curve.points.push_back({bytes, us, {0.99 * us, 1.01 * us}, true});
  }
  return curve;
}

/// latency + bytes / bandwidth, with 1 GB/s = 1000 B/us.
inline std::function<double(Bytes)> hockney(double latency_us, double gbps) {
  return [=](Bytes bytes) { return latency_us + static_cast<double>(bytes) / (1000 * gbps); };
}

}  // namespace weft
