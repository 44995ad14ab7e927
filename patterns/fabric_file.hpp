#pragma once

#include <optional>
#include <string>
#include <vector>

#include "transports/fabric_model.hpp"

namespace weft {

/// A published fabric, as the `model` transport simulates it, and what its devices compute.
struct NamedFabric {
  std::string name;  ///< the file's name without .json; empty where no file was named
  FabricModel model;
  std::optional<double> peak_tflops;     ///< dense BF16 of one rank's device; none where the file does not say
  std::string source;                    ///< where the figures were published, in words
  std::vector<std::string> assumptions;  ///< "MEMBER: why", of every member that was not published as it is used
};

/// Reads a fabric (docs/fabrics.md has the format): the path of a JSON file, or the name of one in `directory`. Throws
/// UsageError with one sentence that names the file and the member where the file is missing, cut, not JSON, lacks a
/// member, has an unknown one, or one that cannot be.
NamedFabric load_fabric(const std::string& name_or_path, const std::string& directory);

}  // namespace weft
