#pragma once

#include <string_view>

#include "transports/registry.hpp"

namespace weft::cli {

/// Reads "latency=2us,bandwidth=50,jitter=0.2,skew=1us,overhead=100ns": the fabric of the model transport. Keys that
/// are not given keep their values. Throws UsageError naming the key.
FabricModel parse_fabric(std::string_view text, FabricModel model);

/// Reads "350ns", "2us", "1.5ms", "3s" or plain nanoseconds. Throws UsageError.
Nanoseconds parse_duration(std::string_view text);

}  // namespace weft::cli
