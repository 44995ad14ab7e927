#pragma once

#include <memory>
#include <string>

#include "cli/rank_places.hpp"
#include "cli/run_options.hpp"
#include "measure/instruments.hpp"

namespace weft::cli {

/// A transport that is measured, or why it is not.
struct OpenTransport {
  std::string name;
  std::string refused;  ///< not empty: why it cannot run here; then the rest is null
  std::unique_ptr<Communicator> communicator;
  std::unique_ptr<Instruments> instruments;
};

/// Opens the transport on all ranks, or on none. Collective.
OpenTransport open_transport(const std::string& name, const RunOptions& options, World& world,
                             const RankPlaces& places);

}  // namespace weft::cli
