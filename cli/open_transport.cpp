#include "cli/open_transport.hpp"

#include "cli/prepare_point.hpp"
#include "core/error.hpp"

namespace weft::cli {

namespace {

/// Empty, or why it cannot be made here.
std::string create(const Transport& transport, const RunOptions& run, World& world, const RankPlaces& places,
                   OpenTransport& opened) {
  TransportOptions options = run.transport;
  options.oversubscribed = places.oversubscribed();
  options.timeout = run.launch.timeout;
  try {
    opened.communicator = transport.create(world, options);
    opened.instruments = std::make_unique<Instruments>(*opened.communicator, world, run.measure.sync, run.measure.timer,
                                                       places.topology().nodes());
  } catch (const TransportError& error) {
    return error.what();
  }
  return {};
}

}  // namespace

OpenTransport open_transport(const std::string& name, const RunOptions& options, World& world,
                             const RankPlaces& places) {
  const Transport& transport = transports::registry().find(name);
  OpenTransport opened{.name = name,
                       .refused = agree_problem(world, transport.refuses(world, options.transport)),
                       .communicator = nullptr,
                       .instruments = nullptr};
  if (opened.refused.empty()) opened.refused = agree_problem(world, create(transport, options, world, places, opened));
  return opened;
}

}  // namespace weft::cli
