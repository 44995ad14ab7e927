#include "cli/point_measuring.hpp"

#include <fmt/format.h>

#include "cli/point_record.hpp"
#include "cli/prepare_point.hpp"
#include "cli/trace_file.hpp"
#include "core/system.hpp"

namespace weft::cli {

MeasureOptions PointMeasuring::measure_options(const Point& point, const Communicator& communicator) const {
  MeasureOptions options = options_.measure;
  options.timeout = options_.launch.timeout;
  options.last_level_cache = communicator.last_level_cache();
  options.oversubscribed = places_.oversubscribed();
  if (communicator.virtual_time()) options.cache = CacheMode::hot;  // a simulated fabric has no caches
  options.by_program = !point.pairings.empty();
  options.timed = timed_ranks(point, world_.ranks());
  const bool by_clock = !point.refused_ways.start_by_messages.empty();
  if (by_clock && options.sync == StartSync::automatic && !options.oversubscribed) options.sync = StartSync::round_time;
  return options;
}

void PointMeasuring::measure(const Point& point, const Workload& workload, OpenTransport& transport, Record& record,
                             Samples& samples) {
  MeasureOptions options = measure_options(point, *transport.communicator);
  if (!transport.communicator->virtual_time()) record.cache = name_of(options.cache);
  if (options.arrival.pattern != ArrivalPattern::together) add_note(record, "arrival", describe(options.arrival));
  if (record.wire_bytes == 0) record.wire_bytes = busiest_wire_bytes(world_, workload, options.timed);
  add_bytes_by_level(world_, workload, *places_.nodes(), options.timed, record);
  divide_bytes(record, point.messages);
  const Bytes memory = PreparedPoint::memory_needed(workload, *transport.communicator, options);
  std::string problem = agree_problem(world_, check_memory(memory, *transport.communicator));
  std::unique_ptr<Workload> loaded;
  Load load;
  const bool alone = point.beside && !point.build_loaded;
  if (alone) {
    // As late as beside aggressors, so that what a pause does to the victims is in both.
    load = {.rounds = 0, .lead = kLeastLead};
    if (options.timed.counts(static_cast<std::size_t>(world_.rank())))
      options.arrival = {.pattern = ArrivalPattern::one_late, .rank = world_.rank(), .duration = load.lead};
  }
  if (problem.empty() && point.build_loaded) {
    load = fit_load(point, *transport.communicator, *transport.instruments, world_, options, problem);
    options.timed.lead = load.lead;
    loaded = point.build_loaded(world_.rank(), load.rounds);
  }
  std::unique_ptr<PreparedPoint> prepared;
  if (problem.empty())
    prepared = prepare_point(loaded ? *loaded : workload, *transport.communicator, world_, options, problem);
  if (!prepared) {
    record.status = "failed";
    record.reason = problem;
    return;
  }
  samples = prepared->measure(*transport.instruments);
  conclude(point, samples, record);
  if (reporter_ != nullptr && !point.pairings.empty()) reporter_->add_pairs(point, record, samples, places_.hosts());
  if (reporter_ != nullptr && point.beside) reporter_->add_congest(point, record, load, places_.hosts());
  if (!options.all_ranks) samples.ranks = {};
  if (point.report && world_.allgather(record.status).front() == "ok")
    report(point, *prepared, *transport.instruments, record);
  if (!options_.trace.empty()) trace(*prepared, *transport.instruments, record);
  // Only rank 0 has the merged samples; all ranks need to know the status.
  record.status = world_.allgather(record.status).front();
}

void PointMeasuring::report(const Point& point, PreparedPoint& prepared, Instruments& instruments,
                            const Record& record) {
  const std::vector<RankAccount> accounts = prepared.account(instruments);
  if (reporter_ != nullptr)
    reporter_->add_report(record, point.report(accounts, record.time_us_median * 1e3), places_.differing_nodes(point));
}

void PointMeasuring::trace(PreparedPoint& point, Instruments& instruments, Record& record) {
  const Trace trace = point.trace(instruments);
  if (!trace.left_out.empty()) add_note(record, "trace", trace.left_out);
  if (reporter_ != nullptr && trace.left_out.empty()) add_to_trace_file(options_.trace, record, trace);
}

std::string PointMeasuring::check_memory(Bytes mine, const Communicator& communicator) {
  if (!communicator.carries_data() || !communicator.host_memory()) return {};  // a device says so itself
  const std::vector<std::string> needs = world_.allgather(std::to_string(mine));
  Bytes host = 0;
  const std::vector<Place>& places = places_.topology().places;
  for (std::size_t rank = 0; rank < needs.size(); ++rank)
    if (places[rank].kernel == places[static_cast<std::size_t>(world_.rank())].kernel) host += std::stoull(needs[rank]);
  const Bytes available = memory_available();
  if (host <= available / 10 * 9) return {};
  return fmt::format(
      "the ranks of one host need {:.1f} GiB of buffers and {:.1f} GiB are free: give fewer bytes or tokens{}",
      static_cast<double>(host) / (1 << 30), static_cast<double>(available) / (1 << 30),
      communicator.virtual_time() ? ", or -c 0 so that no payload is moved" : "");
}

}  // namespace weft::cli
