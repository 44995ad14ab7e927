#include "cli/session.hpp"

#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/instruments_json.hpp"
#include "cli/order.hpp"
#include "cli/point_record.hpp"
#include "cli/prepare_point.hpp"
#include "cli/reporter.hpp"
#include "cli/selection_file.hpp"
#include "cli/trace_file.hpp"
#include "collectives/registry.hpp"
#include "collectives/two_level.hpp"
#include "core/system.hpp"
#include "core/text.hpp"
#include "core/topology.hpp"
#include "measure/measure.hpp"

namespace weft::cli {

namespace {

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

struct OpenTransport {
  std::string name;
  std::string refused;  // not empty: why it cannot run here; then the rest is null
  std::unique_ptr<Communicator> communicator;
  std::unique_ptr<Instruments> instruments;
};

Topology gather_topology(World& world) {
  Topology topology;
  for (const std::string& place : world.allgather(nlohmann::json(current_place()).dump()))
    topology.places.push_back(nlohmann::json::parse(place).get<Place>());
  return topology;
}

class Session {
 public:
  Session(const Job& job, World& world);
  int run();

 private:
  /// Empty, or which rank was to measure other transports: each chose by what its launcher told it. Collective.
  std::string other_transports();
  void open(const std::string& name);
  /// Empty, or why it cannot be made here.
  std::string create(const Transport& transport, OpenTransport& opened);
  void measure_all();
  void measure_point(const Point& point, OpenTransport& transport, int number);
  /// Of a point whose algorithm works by nodes.
  void measure_on_nodes(const Point& planned, OpenTransport& transport, int number);
  nlohmann::json probe_noise();
  /// The point's work on this transport, or null with `record` saying why not.
  std::unique_ptr<Workload> choose_workload(const Point& point, const OpenTransport& transport, Record& record) const;
  /// Of a point for which the user named no algorithm: the selected one, else the transport's own where it has one;
  /// null: the point's. Says which in the record.
  std::unique_ptr<Workload> choose_algorithm(const Point& point, const OpenTransport& transport, Record& record) const;
  void measure_workload(const Point& point, const Workload& workload, OpenTransport& transport, Record& record,
                        Samples& samples);
  /// Runs the point once more to see where its time goes.
  void report_point(const Point& point, PreparedPoint& prepared, Instruments& instruments, const Record& record);
  /// Adds one more execution to the file of --trace.
  void trace_point(PreparedPoint& point, Instruments& instruments, Record& record);
  std::string check_memory(Bytes mine, const Communicator& communicator);
  MeasureOptions measure_options(const Communicator& communicator) const;
  /// Simulated ranks share one process and do not compete for cores.
  bool oversubscribed() const { return world_.name() != "fibers" && topology_.oversubscribed(); }
  /// Ranks on a node of the simulated fabric; 0 where none is simulated, or it has no nodes.
  int simulated_node() const { return world_.name() == "fibers" ? job_.options.transport.model.ranks_per_node : 0; }
  Nodes nodes() const;
  Topology shown_topology() const;
  std::string differing_nodes(const Point& point) const;  ///< nodes_that_differ() of it, where the fabric is simulated
  /// Of each rank; of simulated ones the fabric's nodes.
  std::vector<std::string> hosts() const;
  bool leader() const { return world_.rank() == 0; }

  const Job& job_;
  World& world_;
  Topology topology_;
  std::shared_ptr<const Nodes> nodes_;
  std::unique_ptr<Reporter> reporter_;  // rank 0 only
  std::vector<OpenTransport> transports_;
  int exit_code_ = 0;
};

Session::Session(const Job& job, World& world)
    : job_(job), world_(world), topology_(gather_topology(world)), nodes_(std::make_shared<const Nodes>(nodes())) {}

std::string Session::other_transports() {
  const std::vector<std::string> all = world_.allgather(join(job_.transports, ","));
  for (std::size_t rank = 0; rank < all.size(); ++rank)
    if (all[rank] != all.front())
      return fmt::format(
          "rank {} would measure {} and rank 0 {}, since their launchers told them of other numbers of ranks on their "
          "hosts (LOCAL_WORLD_SIZE): give -t",
          rank, all[rank], all.front());
  return {};
}

void Session::open(const std::string& name) {
  const Transport& transport = transports::registry().find(name);
  OpenTransport opened{.name = name,
                       .refused = agree_problem(world_, transport.refuses(world_, job_.options.transport)),
                       .communicator = nullptr,
                       .instruments = nullptr};
  if (opened.refused.empty()) opened.refused = agree_problem(world_, create(transport, opened));
  transports_.push_back(std::move(opened));
}

std::string Session::create(const Transport& transport, OpenTransport& opened) {
  TransportOptions options = job_.options.transport;
  options.oversubscribed = oversubscribed();
  options.timeout = job_.options.launch.timeout;
  const MeasureOptions& measure = job_.options.measure;
  try {
    opened.communicator = transport.create(world_, options);
    opened.instruments =
        std::make_unique<Instruments>(*opened.communicator, world_, measure.sync, measure.timer, topology_.nodes());
  } catch (const TransportError& error) {
    return error.what();
  }
  return {};
}

int Session::run() {
  world_.set_deadline(job_.options.launch.timeout, "starting");
  if (oversubscribed() && !job_.options.oversubscribe) throw UsageError(too_many_ranks(*topology_.core_shortage()));
  if (const std::string other = other_transports(); !other.empty()) throw UsageError(other);
  for (const std::string& name : job_.transports) open(name);
  if (leader()) reporter_ = std::make_unique<Reporter>(job_, shown_topology());
  measure_all();
  world_.set_deadline(job_.options.launch.timeout, "ending");
  world_.barrier();
  transports_.clear();
  world_.set_deadline(0, "ended");
  return exit_code_;
}

std::string Session::differing_nodes(const Point& point) const {
  if (world_.name() != "fibers") return {};
  return nodes_that_differ(point.ranks_per_node, job_.options.transport.model.ranks_per_node, world_.ranks());
}

Nodes Session::nodes() const {
  return simulated_node() > 0 ? *collectives::nodes_in_order(world_.ranks(), simulated_node()) : topology_.nodes();
}

/// Simulated ranks are all on this host; what is shown are the hosts that the fabric has for them.
Topology Session::shown_topology() const {
  Topology shown = topology_;
  const int size = simulated_node();
  if (size == 0) return shown;
  for (std::size_t rank = 0; rank < shown.places.size(); ++rank)
    shown.places[rank].host += fmt::format(":node{}", rank / static_cast<std::size_t>(size));
  return shown;
}

/// Null in virtual time, and where none is wanted.
nlohmann::json Session::probe_noise() {
  const Nanoseconds duration = job_.options.noise_probe / 2;
  if (world_.name() == "fibers" || duration == 0) return nullptr;
  world_.set_deadline(job_.options.launch.timeout + duration, "probing the system's noise");
  return probe_noise_of_ranks(world_, duration);
}

void Session::measure_all() {
  const nlohmann::json before = probe_noise();
  const std::size_t count = job_.plan.size() * transports_.size();
  std::vector<std::size_t> order = shuffled_order(count, job_.options.request.seed, job_.options.launch_number);
  if (!job_.options.shuffled) std::sort(order.begin(), order.end());
  const std::vector<std::string>& all = job_.options.transports;
  for (const std::size_t at : order) {
    OpenTransport& transport = transports_[at % transports_.size()];
    const std::size_t point = at / transports_.size();
    const auto place = static_cast<std::size_t>(std::find(all.begin(), all.end(), transport.name) - all.begin());
    const Point& planned = job_.plan[point];
    const int number = static_cast<int>(point * all.size() + place);
    if (planned.on_nodes)
      measure_on_nodes(planned, transport, number);
    else
      measure_point(planned, transport, number);
  }
  const nlohmann::json after = probe_noise();
  nlohmann::json clocks = nlohmann::json::array();
  for (const OpenTransport& transport : transports_)
    if (transport.refused.empty())
      clocks.push_back(
          describe_instruments(transport.name, job_.options.measure.timer, *transport.instruments, world_));
  if (leader()) reporter_->add_instruments(std::move(clocks), {{"before", before}, {"after", after}});
}

void Session::measure_on_nodes(const Point& planned, OpenTransport& transport, int number) {
  const Point point = planned.on_nodes(nodes_);
  const bool named = !asks_for_all(job_.options.request);
  if (point.refused.empty() || named) return measure_point(point, transport, number);
  if (leader()) reporter_->skip();  // leave no row
}

void Session::measure_point(const Point& point, OpenTransport& transport, int number) {
  Record record = describe(point, transport.name, world_.ranks());
  record.point = number;
  record.oversubscribed = oversubscribed();
  if (const std::string nodes = differing_nodes(point); !nodes.empty()) add_note(record, "nodes", nodes);
  const std::unique_ptr<Workload> workload = choose_workload(point, transport, record);
  if (!workload && record.reason.empty()) {
    if (leader()) reporter_->skip();
    return;
  }
  world_.set_deadline(job_.options.launch.timeout, "agreeing on the next point");
  if (workload && point.sized_by_programs)
    record.bytes_per_rank = record.bytes_per_peer = record.wire_bytes = busiest_wire_bytes(world_, *workload);
  const bool skip = world_.allgather(leader() && reporter_->has(record) ? "skip" : "").front() == "skip";
  if (skip) {
    if (leader()) reporter_->skip();
    return;
  }
  if (leader()) reporter_->start(record);
  Samples samples;
  if (workload) measure_workload(point, *workload, transport, record, samples);
  if (record.status == "wrong") exit_code_ = std::max(exit_code_, static_cast<int>(ExitCode::wrong_data));
  if (record.status == "failed") exit_code_ = static_cast<int>(ExitCode::failed);
  if (leader()) reporter_->add(point, record, samples);
}

std::unique_ptr<Workload> Session::choose_workload(const Point& point, const OpenTransport& transport,
                                                   Record& record) const {
  const auto refuse = [&](const std::string& why) {
    record.status = "refused";
    record.reason = why;
    return nullptr;
  };
  if (!transport.refused.empty()) return refuse(transport.refused);
  if (!point.refused.empty()) return refuse(point.refused);
  if (!point.pairings.empty() && job_.options.measure.sync == StartSync::none)
    return refuse(
        "--sync none: without a common start a pair's time holds what its ranks waited for in the round before");
  if (!point.pairings.empty() && job_.options.measure.batch > 1)
    return refuse(
        fmt::format("--batch {}: pairs takes its rounds in turn, so a sample is one call", job_.options.measure.batch));
  if (!point.pairings.empty() && !job_.options.trace.empty())
    return refuse("--trace: shows one program, and pairs has one for each of its rounds: trace send_recv");
  if (point.beside && !starts_by_clock(job_.options.measure.sync))
    return refuse(
        fmt::format("--sync {}: the victims of congest start later than the aggressors by the ranks' common clock: "
                    "leave it out, or give round-time",
                    name_of(job_.options.measure.sync)));
  if (!point.timed.empty() && job_.options.measure.arrival.pattern != ArrivalPattern::together)
    return refuse(fmt::format("--arrival: {} times some of its ranks alone, and says itself when the others start",
                              point.pattern));
  const CacheMode cache = job_.options.measure.cache;
  if (!transport.communicator->host_memory() && (cache == CacheMode::fresh || cache == CacheMode::flush))
    return refuse(fmt::format("--cache {} works on the host's caches, and the payload lies in a device's memory",
                              name_of(cache)));
  std::unique_ptr<Workload> workload = point.automatic ? choose_algorithm(point, transport, record) : nullptr;
  if (!workload) workload = point.build(world_.rank());
  std::string refused = refuses_natives(*transport.communicator, *workload);
  if (refused.empty()) refused = refuses_shared_channels(*transport.communicator, *workload);
  if (refused.empty()) return workload;
  if (asks_for_all(job_.options.request)) return nullptr;  // nobody named it: leave no row
  return refuse(refused);
}

std::unique_ptr<Workload> Session::choose_algorithm(const Point& point, const OpenTransport& transport,
                                                    Record& record) const {
  const TuningPlace place{.operation = std::string(name_of(point.call.collective)),
                          .transport = transport.name,
                          .ranks = world_.ranks(),
                          .hosts = count_hosts(hosts())};
  const std::string selected = selected_algorithm(job_.options.selections, place, point.bytes_per_rank);
  if (!selected.empty() && selected != kNative) {
    record.algorithm = selected;
    return point.build_as(&collectives::find(point.call.collective, selected), world_.rank(), nodes_);
  }
  std::unique_ptr<Workload> native = point.build_as(nullptr, world_.rank(), nodes_);
  if (!refuses_natives(*transport.communicator, *native).empty()) return nullptr;
  record.algorithm = kNative;
  return native;
}

MeasureOptions Session::measure_options(const Communicator& communicator) const {
  MeasureOptions options = job_.options.measure;
  options.timeout = job_.options.launch.timeout;
  options.last_level_cache = communicator.last_level_cache();
  options.oversubscribed = oversubscribed();
  if (communicator.virtual_time()) options.cache = CacheMode::hot;  // a simulated fabric has no caches
  return options;
}

void Session::measure_workload(const Point& point, const Workload& workload, OpenTransport& transport, Record& record,
                               Samples& samples) {
  MeasureOptions options = measure_options(*transport.communicator);
  options.by_program = !point.pairings.empty();
  options.timed = timed_ranks(point, world_.ranks());
  // Even where the clock is no better than the victims' short operations: a barrier's messages and skew are worse.
  if (point.beside && options.sync == StartSync::automatic && !options.oversubscribed)
    options.sync = StartSync::round_time;
  if (!transport.communicator->virtual_time()) record.cache = name_of(options.cache);
  if (options.arrival.pattern != ArrivalPattern::together) add_note(record, "arrival", describe(options.arrival));
  if (record.wire_bytes == 0) record.wire_bytes = busiest_wire_bytes(world_, workload, options.timed);
  add_bytes_by_level(world_, workload, *nodes_, options.timed, record);
  const Bytes memory = PreparedPoint::memory_needed(workload, *transport.communicator, options);
  std::string problem = agree_problem(world_, check_memory(memory, *transport.communicator));
  std::unique_ptr<Workload> loaded;
  Load load;
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
  if (leader() && !point.pairings.empty()) reporter_->add_pairs(point, record, samples, hosts());
  if (leader() && point.beside) reporter_->add_congest(point, record, load, hosts());
  if (!options.all_ranks) samples.ranks = {};
  if (point.report && world_.allgather(record.status).front() == "ok")
    report_point(point, *prepared, *transport.instruments, record);
  if (!job_.options.trace.empty()) trace_point(*prepared, *transport.instruments, record);
  // Only rank 0 has the merged samples; all ranks need to know the status.
  record.status = world_.allgather(record.status).front();
}

std::vector<std::string> Session::hosts() const {
  std::vector<std::string> names;
  for (Place& place : shown_topology().places) names.push_back(std::move(place.host));
  return names;
}

void Session::report_point(const Point& point, PreparedPoint& prepared, Instruments& instruments,
                           const Record& record) {
  const std::vector<RankAccount> accounts = prepared.account(instruments);
  if (leader())
    reporter_->add_report(record, point.report(accounts, record.time_us_median * 1e3), differing_nodes(point));
}

void Session::trace_point(PreparedPoint& point, Instruments& instruments, Record& record) {
  const Trace trace = point.trace(instruments);
  if (!trace.left_out.empty()) add_note(record, "trace", trace.left_out);
  if (leader() && trace.left_out.empty()) add_to_trace_file(job_.options.trace, record, trace);
}

std::string Session::check_memory(Bytes mine, const Communicator& communicator) {
  if (!communicator.carries_data() || !communicator.host_memory()) return {};  // a device says so itself
  const std::vector<std::string> needs = world_.allgather(std::to_string(mine));
  Bytes host = 0;
  const std::vector<Place>& places = topology_.places;
  for (std::size_t rank = 0; rank < needs.size(); ++rank)
    if (places[rank].kernel == places[static_cast<std::size_t>(world_.rank())].kernel) host += std::stoull(needs[rank]);
  const Bytes available = memory_available();
  if (host <= available / 10 * 9) return {};
  return fmt::format(
      "the ranks of one host need {:.1f} GiB of buffers and {:.1f} GiB are free: give fewer bytes or tokens{}",
      static_cast<double>(host) / (1 << 30), static_cast<double>(available) / (1 << 30),
      communicator.virtual_time() ? ", or -c 0 so that no payload is moved" : "");
}

}  // namespace

int run_session(const Job& job, World& world) { return Session(job, world).run(); }

}  // namespace weft::cli
