#pragma once

#include <string_view>

#include "patterns/fabric_file.hpp"

namespace weft::cli {

/// Reads the fabric of the model transport: "latency=2us,bandwidth=50,jitter=0.2,skew=1us,overhead=100ns,
/// stalls=0.01:10,clock-offset=1ms,clock-drift=20,late=3:10us,launch=0.02,slow=64K:1.1,ranks-per-node=8,node-latency=1us,
/// node-bandwidth=160,node-uplink=100", in any order; or first the name or path of a file (load_fabric), and then what
/// is to be otherwise. Keys that are not given keep their values: the file's, else FabricModel's. Throws UsageError
/// naming the key, also where one is given twice or is beyond what the model transport can be; and as load_fabric does.
NamedFabric parse_fabric(std::string_view text);

/// Reads "350ns", "2us", "1.5ms", "3s" or "0", up to `most`. Throws UsageError.
Nanoseconds parse_duration(std::string_view text, Nanoseconds most);

}  // namespace weft::cli
