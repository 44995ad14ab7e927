#include "cli/workload_choice.hpp"

#include <fmt/format.h>

#include "cli/point_record.hpp"
#include "cli/selection_file.hpp"
#include "core/text.hpp"

namespace weft::cli {

namespace {

/// Gives none.
std::unique_ptr<Workload> refuse(Record& record, const std::string& why) {
  record.status = "refused";
  record.reason = why;
  return nullptr;
}

/// Why the transport could be waited for in vain; empty where not. The same on every rank.
std::string refuses_shared_channels(const Communicator& communicator, const Workload& workload) {
  if (!communicator.channels_in_order()) return {};
  for (const Program& program : workload.programs())
    if (!program.channels.empty())
      return "lanes of the program share channels, and on this transport a message waits for those before it";
  return {};
}

/// Why the transport has not all the collectives of its own that the work calls; empty where it has. The same on every
/// rank.
std::string refuses_natives(const Communicator& communicator, const Workload& workload) {
  for (const Program& program : workload.programs())
    for (const Call& call : program.natives)
      if (std::string refused = communicator.refuses_native(call); !refused.empty()) return refused;
  return {};
}

/// Or would, as weft chooses.
bool starts_by_clock(StartSync sync) { return sync == StartSync::round_time || sync == StartSync::automatic; }

/// Why the point cannot be measured as the flags say; empty where it can.
std::string refuses_way(const Point& point, const RunOptions& options) {
  const MeasureOptions& measure = options.measure;
  const RefusedWays& ways = point.refused_ways;
  if (!ways.no_common_start.empty() && measure.sync == StartSync::none) return "--sync none: " + ways.no_common_start;
  if (!ways.start_by_messages.empty() && !starts_by_clock(measure.sync))
    return fmt::format("--sync {}: {}", name_of(measure.sync), ways.start_by_messages);
  if (!ways.batch.empty() && measure.batch > 1) return fmt::format("--batch {}: {}", measure.batch, ways.batch);
  if (!ways.trace.empty() && !options.trace.empty()) return "--trace: " + ways.trace;
  if (!point.timed.empty() && measure.arrival.pattern != ArrivalPattern::together)
    return fmt::format("--arrival: {} times some of its ranks alone, and says itself when the others start",
                       point.pattern);
  return {};
}

/// Why a sample cannot be so many calls of this work; empty where it can. The same on every rank.
std::string refuses_batch(const Point& point, const Workload& workload, int batch) {
  if (batch <= 1 || workload.keeps_pace()) return {};
  return fmt::format("--batch {}: {} lets a rank run ahead of the others into the next call, so a sample is one call",
                     batch, point.pattern);
}

std::string refuses_cache(const Communicator& communicator, CacheMode cache) {
  if (communicator.host_memory() || (cache != CacheMode::fresh && cache != CacheMode::flush)) return {};
  return fmt::format("--cache {} works on the host's caches, and the payload lies in a device's memory",
                     name_of(cache));
}

/// Why it cannot be measured, whatever its work is; empty where it can.
std::string refuses_point(const Point& point, const OpenTransport& transport, const RunOptions& options) {
  if (!transport.refused.empty()) return transport.refused;
  if (!point.refused.empty()) return point.refused;
  if (std::string refused = refuses_way(point, options); !refused.empty()) return refused;
  return refuses_cache(*transport.communicator, options.measure.cache);
}

/// What --selection says for the point; empty where it says nothing.
std::string selected_for(const Point& point, const std::string& transport, const RunOptions& options, int ranks,
                         const RankPlaces& places) {
  const TuningPlace place{.operation = std::string(name_of(point.call.collective)),
                          .transport = transport,
                          .ranks = ranks,
                          .hosts = count_hosts(places.hosts())};
  return selected_algorithm(options.selections, place, point.bytes_per_rank);
}

/// This rank's work by the algorithm, or (null) by the transport's own; else null, and `refused` says why: the same on
/// every rank.
std::unique_ptr<Workload> build_by(const Algorithm* algorithm, const Point& point, const Communicator& communicator,
                                   const RankPlaces& places, std::string& refused) {
  if (algorithm != nullptr) {
    Call call = point.call;
    call.nodes = places.nodes();
    refused = algorithm->refuses(call);
    if (!refused.empty()) return nullptr;
  }
  std::unique_ptr<Workload> workload = point.build_as(algorithm, communicator.rank(), places.nodes());
  refused = refuses_natives(communicator, *workload);
  if (!refused.empty()) return nullptr;
  return workload;
}

/// Of a point for which the user named no algorithm. Says in the record which it is; null: the point's, or where the
/// record is refused none.
std::unique_ptr<Workload> choose_algorithm(const Point& point, const OpenTransport& transport,
                                           const RunOptions& options, const World& world, const RankPlaces& places,
                                           Record& record) {
  const std::string selected = selected_for(point, transport.name, options, world.ranks(), places);
  const bool own = selected.empty() || selected == kNative;
  const Algorithm* const algorithm = own ? nullptr : &collectives::find(point.call.collective, selected);
  std::string refused;
  std::unique_ptr<Workload> workload = build_by(algorithm, point, *transport.communicator, places, refused);
  if (!refused.empty() && selected.empty()) return nullptr;
  record.algorithm = own ? kNative : selected;
  if (!refused.empty()) return refuse(record, fmt::format("--selection says {} here: {}", selected, refused));
  return workload;
}

}  // namespace

std::unique_ptr<Workload> choose_workload(const Point& point, const OpenTransport& transport, const RunOptions& options,
                                          const World& world, const RankPlaces& places, Record& record) {
  if (const std::string refused = refuses_point(point, transport, options); !refused.empty())
    return refuse(record, refused);
  std::unique_ptr<Workload> workload =
      point.automatic ? choose_algorithm(point, transport, options, world, places, record) : nullptr;
  if (!record.reason.empty()) return nullptr;
  if (!workload) workload = point.build(world.rank());
  std::string refused = refuses_natives(*transport.communicator, *workload);
  if (refused.empty()) refused = refuses_shared_channels(*transport.communicator, *workload);
  if (!refused.empty() && asks_for_all(options.request)) return nullptr;  // nobody named it: leave no row
  if (refused.empty()) refused = refuses_batch(point, *workload, options.measure.batch);
  if (refused.empty()) return workload;
  return refuse(record, refused);
}

std::string unused_selection(const std::vector<Point>& plan, const std::vector<std::string>& transports,
                             const RunOptions& options, int ranks, const RankPlaces& places) {
  if (options.selections.empty()) return {};
  for (const Point& point : plan)
    for (const std::string& transport : transports)
      if (point.automatic && !selected_for(point, transport, options, ranks, places).empty()) return {};
  return fmt::format("--selection serves no point over {}, {} ranks on {}: they are run as without it",
                     join(transports, ", "), ranks,
                     counted(static_cast<std::size_t>(count_hosts(places.hosts())), "host"));
}

}  // namespace weft::cli
