#pragma once

#include <string>

#include "worlds/registry.hpp"

namespace weft::env {

/// Who this process is, and where it meets the others.
struct Rendezvous {
  int rank = 0;
  int ranks = 1;
  std::string host;  ///< a name or an address, where rank 0 listens
  int port = 0;

  std::string place() const;  ///< "host:29500", "[fe80::1]:29500"
};

/// From the options, else from the environment. Rank and number of ranks: RANK and WORLD_SIZE, or those of a launcher
/// (launcher_environment). Place: --rendezvous, WEFT_RENDEZVOUS, MASTER_ADDR and MASTER_PORT (the port after it where
/// torchrun's agent listens there itself), or the first host of Slurm's step and a port made of the job's number.
/// Throws UsageError, which names the variable that is missing or wrong.
Rendezvous read_rendezvous(const LaunchOptions& options);

/// "node[08-11,40],gpu1" gives "node08". The names of a Slurm list of hosts are not expanded beyond the first.
std::string first_host(const std::string& list);

/// What all processes of the run know and strangers do not: the content of --secret-file or of WEFT_SECRET_FILE, or
/// WEFT_SECRET. Empty where none is given. Throws UsageError where the file cannot be read or is empty.
std::string read_secret(const LaunchOptions& options);

/// Stands in for a secret that was not given: what the launcher told all ranks alike. It keeps other runs and
/// passers-by away, not somebody who means harm.
std::string public_secret(const Rendezvous& rendezvous);

/// Whether the place is this machine's loopback, which nobody reaches from elsewhere.
bool is_loopback(const std::string& host);

}  // namespace weft::env
