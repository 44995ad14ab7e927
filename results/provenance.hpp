#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace weft {

/// What only the caller knows of a run's provenance.
struct ProvenanceInput {
  std::vector<std::string> command_line;
  std::map<std::string, std::string> libraries;      ///< name -> version, of those that move the data
  nlohmann::json plugins = nlohmann::json::array();  ///< path, version and entries of each
  std::uint64_t seed = 0;
};

/// Everything run.json says about how its figures came about: the input, weft's version, the build, this host (kernel,
/// CPU, governor, clock source, memory) and the environment that steers the libraries.
nlohmann::json collect_provenance(const ProvenanceInput& input);

/// Those of the NAME=VALUE entries that steer MPI, UCX, libfabric, NCCL, Gloo, OpenMP, malloc or Slurm's placement, and
/// never one whose name hints at a secret.
nlohmann::json steering_environment(std::span<const std::string> entries);

/// Now, in ISO 8601, UTC, whole seconds.
std::string utc_now();

}  // namespace weft
