#include "cli/session.hpp"

#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/instruments_json.hpp"
#include "cli/open_transport.hpp"
#include "cli/order.hpp"
#include "cli/point_measuring.hpp"
#include "cli/point_record.hpp"
#include "cli/rank_places.hpp"
#include "cli/reporter.hpp"
#include "cli/workload_choice.hpp"
#include "core/error.hpp"
#include "core/text.hpp"

namespace weft::cli {

namespace {

class Session {
 public:
  Session(const Job& job, World& world)
      : job_(job), world_(world), places_(world, job.options.transport.model.ranks_per_node) {}
  int run();

 private:
  /// Empty, or which rank was to measure other transports: each chose by what its launcher told it. Collective.
  std::string other_transports();
  void measure_all();
  void measure_point(const Point& point, OpenTransport& transport, int number);
  /// Of a point whose algorithm works by nodes.
  void measure_on_nodes(const Point& planned, OpenTransport& transport, int number);
  nlohmann::json probe_noise();
  bool leader() const { return world_.rank() == 0; }

  const Job& job_;
  World& world_;
  RankPlaces places_;
  std::unique_ptr<Reporter> reporter_;  // rank 0 only
  std::vector<OpenTransport> transports_;
  int exit_code_ = 0;
};

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

int Session::run() {
  world_.set_deadline(job_.options.launch.timeout, "starting");
  if (places_.oversubscribed() && !job_.options.oversubscribe)
    throw UsageError(too_many_ranks(*places_.topology().core_shortage()));
  if (const std::string other = other_transports(); !other.empty()) throw UsageError(other);
  for (const std::string& name : job_.transports)
    transports_.push_back(open_transport(name, job_.options, world_, places_));
  std::string refused;
  if (leader()) {
    reporter_ = std::make_unique<Reporter>(job_, places_.shown_topology());
    refused = reporter_->add_facts(transports_);
    const std::string unused = unused_selection(job_.plan, job_.transports, job_.options, world_.ranks(), places_);
    if (!unused.empty()) fmt::print(stderr, "weft: note: {}\n", unused);
  }
  if (const std::string why = world_.allgather(refused).front(); !why.empty()) throw UsageError(why);
  measure_all();
  world_.set_deadline(job_.options.launch.timeout, "ending");
  world_.barrier();
  transports_.clear();
  world_.set_deadline(0, "ended");
  return exit_code_;
}

/// Null in virtual time, and where none is wanted.
nlohmann::json Session::probe_noise() {
  const Nanoseconds duration = job_.options.noise_probe / 2;
  if (places_.simulated() || duration == 0) return nullptr;
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
  const Point point = planned.on_nodes(places_.nodes());
  const bool named = !asks_for_all(job_.options.request);
  if (point.refused.empty() || named) return measure_point(point, transport, number);
  if (leader()) reporter_->skip();  // leave no row
}

void Session::measure_point(const Point& point, OpenTransport& transport, int number) {
  Record record = describe(point, transport.name, world_.ranks());
  record.point = number;
  record.oversubscribed = places_.oversubscribed();
  if (const std::string nodes = places_.differing_nodes(point); !nodes.empty()) add_note(record, "nodes", nodes);
  const std::unique_ptr<Workload> workload = choose_workload(point, transport, job_.options, world_, places_, record);
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
  if (workload)
    PointMeasuring(job_.options, world_, places_, reporter_.get())
        .measure(point, *workload, transport, record, samples);
  if (record.status == "wrong") exit_code_ = std::max(exit_code_, static_cast<int>(ExitCode::wrong_data));
  if (record.status == "failed") exit_code_ = static_cast<int>(ExitCode::failed);
  if (leader()) reporter_->add(point, record, samples);
}

}  // namespace

int run_session(const Job& job, World& world) { return Session(job, world).run(); }

}  // namespace weft::cli
