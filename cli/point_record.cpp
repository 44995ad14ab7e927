#include "cli/point_record.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/text.hpp"
#include "results/summary.hpp"

namespace weft::cli {

namespace {

std::string join_notes(const std::map<std::string, std::string>& notes) {
  std::vector<std::string> pairs;
  for (const auto& [key, value] : notes) pairs.push_back(fmt::format("{}={}", key, value));
  return join(pairs, ";");
}

bool is_timed(const World& world, const TimedRanks& timed) {
  return timed.counts(static_cast<std::size_t>(world.rank()));
}

void divide_times(Samples& samples, double divisor) {
  for (double& time : samples.completion) time /= divisor;
  for (double* const time :
       {&samples.first_ns, &samples.slowest_rank_mean_ns, &samples.mean_of_ranks_ns, &samples.fastest_rank_mean_ns})
    *time /= divisor;
}

// A ping-pong's iteration is there and back; its row is about one way. Only the rank that pings sees there and back,
// the longest time; as in OSU and IMB its figure is the row's.
void tell_one_way(Samples& samples, double divisor) {
  divide_times(samples, divisor);
  samples.mean_of_ranks_ns = samples.fastest_rank_mean_ns = samples.slowest_rank_mean_ns;
}

}  // namespace

Record describe(const Point& point, const std::string& transport, int ranks) {
  Record record;
  record.pattern = point.pattern;
  record.operation = point.operation;
  record.algorithm = point.algorithm;
  record.transport = transport;
  record.ranks = ranks;
  record.dtype = name_of(point.dtype);
  record.op = point.reduces ? name_of(point.op) : "";
  record.in_place = point.call.in_place;
  record.bytes_per_rank = point.bytes_per_rank;
  record.bytes_per_peer = point.bytes_per_peer;
  record.logical_bytes = point.logical_bytes;
  // Uneven traffic is limited by the busiest port, which may be a receiver's.
  if (point.logical_bytes > 0) record.wire_bytes = point.bytes_per_rank;
  record.imbalance = point.imbalance;
  record.bubble_formula = point.bubble_formula;
  record.notes = join_notes(point.notes);
  return record;
}

void add_note(Record& record, const std::string& key, const std::string& value) {
  record.notes += (record.notes.empty() ? "" : ";") + fmt::format("{}={}", key, value);
}

std::string nodes_that_differ(std::uint64_t laid_out, int fabric, int ranks) {
  const auto most = static_cast<std::uint64_t>(ranks);
  const std::uint64_t wanted = std::min(laid_out, most);
  const std::uint64_t found = std::min(static_cast<std::uint64_t>(std::max(fabric, 1)), most);
  if (laid_out == 0 || wanted == found) return {};
  const bool some_cross = found % wanted != 0 && found != most;
  const bool some_stay = wanted % found != 0 && wanted != most;
  const char* const does = some_cross && some_stay ? "some traffic inside the layout's nodes crosses the fabric's, and "
                                                     "some between them stays inside"
                           : some_cross            ? "traffic inside the layout's nodes crosses the fabric's"
                                                   : "traffic between the layout's nodes stays inside the fabric's";
  return fmt::format(
      "the layout has {} ranks on a node and the simulated fabric {}: {} (ranks-per-node {} of --fabric "
      "would agree)",
      laid_out, fabric == 0 ? "no nodes" : fmt::format("{}", fabric), does, laid_out);
}

void conclude(const Point& point, Samples& samples, Record& record) {
  if (samples.completion.empty()) return;
  if (point.time_divisor != 1) tell_one_way(samples, point.time_divisor);
  divide_times(samples, point.messages);
  samples.batch *= point.messages;
  summarise(samples, point.busbw_factor, record);
  if (point.busy_ns > 0 && record.measured())
    record.bubble = std::max(0.0, 1 - point.busy_ns / (record.time_us_median * 1e3));
}

Bytes busiest_wire_bytes(World& world, const Workload& workload, const TimedRanks& timed) {
  const std::size_t counted = is_timed(world, timed) ? workload.programs().size() : 0;
  Bytes sum = 0;
  for (std::size_t program = 0; program < counted; ++program) sum += workload.wire_bytes(program);
  Bytes most = 0;
  for (const std::string& blob : world.allgather(std::to_string(sum / workload.programs().size())))
    most = std::max<Bytes>(most, std::stoull(blob));
  return most;
}

void add_bytes_by_level(World& world, const Workload& workload, const Nodes& nodes, const TimedRanks& timed,
                        Record& record) {
  const std::vector<Program>& programs = workload.programs();
  const bool known =
      std::all_of(programs.begin(), programs.end(), [](const Program& program) { return program.natives.empty(); });
  if (!known) return;  // the same on every rank
  Bytes between = 0;
  Bytes all = 0;
  for (const Program& program : programs) {
    if (!is_timed(world, timed)) break;
    between += program.sent_bytes_between(nodes);
    all += program.sent_bytes();
  }
  const std::string mine = fmt::format("{} {}", between / programs.size(), (all - between) / programs.size());
  for (const std::string& blob : world.allgather(mine)) {
    const std::size_t space = blob.find(' ');
    record.wire_bytes_between_nodes =
        std::max<std::int64_t>(record.wire_bytes_between_nodes, std::stoll(blob.substr(0, space)));
    record.wire_bytes_inside_node =
        std::max<std::int64_t>(record.wire_bytes_inside_node, std::stoll(blob.substr(space + 1)));
  }
}

void divide_bytes(Record& record, int messages) {
  record.wire_bytes /= static_cast<Bytes>(messages);
  for (std::int64_t* const bytes : {&record.wire_bytes_between_nodes, &record.wire_bytes_inside_node})
    if (*bytes >= 0) *bytes /= messages;
}

bool asks_for_all(const Request& request) {
  const auto named = [&](const char* name) {
    return std::find(request.algorithms.begin(), request.algorithms.end(), name) != request.algorithms.end();
  };
  return named("all") && !named(kNative);
}

}  // namespace weft::cli
