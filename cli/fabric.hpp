#pragma once

#include <string_view>

#include "transports/registry.hpp"

namespace weft::cli {

/// Reads "latency=2us,bandwidth=50,jitter=0.2,skew=1us,overhead=100ns,stalls=0.01:10,clock-offset=1ms,clock-drift=20,
/// late=3:10us,launch=0.02,slow=64K:1.1": the fabric of the model transport. Keys that are not given keep their values.
/// Throws UsageError naming the key, also where one is given twice or is beyond what the model transport can be.
FabricModel parse_fabric(std::string_view text, FabricModel model);

/// Reads "350ns", "2us", "1.5ms", "3s" or "0", up to `most`. Throws UsageError.
Nanoseconds parse_duration(std::string_view text, Nanoseconds most);

}  // namespace weft::cli
