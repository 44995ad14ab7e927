#include <memory>
#include <string>
#include <utility>

#include "core/error.hpp"
#include "patterns/message_workload.hpp"
#include "patterns/registry.hpp"
#include "patterns/sweep.hpp"

namespace weft::patterns::loggp {

namespace {

/// Messages in a row, as many as Netgauge sends.
constexpr int kMessages = 16;

/// Longer than a message of so many bytes keeps a link of 1 Gbit/s busy.
Nanoseconds pause_of(Bytes bytes) { return 25'000 + 10 * static_cast<Nanoseconds>(bytes); }

/// Round trips with pauses are measured up to here: o is that of small messages, and longer pauses take long.
constexpr Bytes kLongestPaused = 64 << 10;

/// PRTT of Hoefler et al. (Low-Overhead LogGP Parameter Assessment for Modern Interconnection Networks, 2007): rank 0
/// sends the last rank some messages, which answers with one when it has them all.
struct RoundTrip {
  const char* name;
  bool all;     ///< all messages, or the last of them alone
  bool spaced;  ///< with pauses where a message follows, sent or not
};

constexpr RoundTrip kRoundTrips[] = {
    {"round_trip", false, false}, {"burst", true, false}, {"spaced", true, true}, {"pauses", false, true}};

int messages_of(const RoundTrip& trip) { return trip.all ? kMessages : 1; }

Region message(Space space, Bytes bytes, int number) { return {space, bytes * static_cast<Bytes>(number), bytes}; }

Lane asking_lane(const RoundTrip& trip, int peer, Bytes bytes) {
  Lane lane("ask");
  int sent = 0;
  for (int i = 0; i < kMessages; ++i) {
    if (i > 0 && trip.spaced) lane.compute(pause_of(bytes));
    if (trip.all || i == kMessages - 1) lane.send(peer, message(Space::in, bytes, sent++));
  }
  lane.recv(peer, message(Space::out, bytes, 0));
  lane.wait();
  return lane;
}

Lane answering_lane(const RoundTrip& trip, int peer, Bytes bytes) {
  Lane lane("answer");
  for (int i = 0; i < messages_of(trip); ++i) lane.recv(peer, message(Space::out, bytes, i));
  lane.wait();
  lane.send(peer, message(Space::in, bytes, 0));
  lane.wait();
  return lane;
}

/// One rank of a round trip; all but the first and the last idle.
std::unique_ptr<Workload> build(const RoundTrip& trip, Bytes bytes, int rank, int ranks) {
  Program program;
  program.rank = rank;
  program.ranks = ranks;
  program.dtype = Datatype::u8;
  const int peer = ranks - 1 - rank;
  const bool asks = rank == 0;
  if (asks || rank == ranks - 1) {
    const Bytes asked = bytes * static_cast<Bytes>(messages_of(trip));
    program.in_bytes = asks ? asked : bytes;
    program.out_bytes = asks ? bytes : asked;
    program.lanes.push_back(asks ? asking_lane(trip, peer, bytes) : answering_lane(trip, peer, bytes));
  } else {
    program.lanes.emplace_back("idle");
  }
  std::vector<Delivery> deliveries = {{.bytes = program.out_bytes}};
  return std::make_unique<MessageWorkload>(std::move(program), peer, std::move(deliveries));
}

Point make_point(const RoundTrip& trip, Bytes bytes, int ranks, const std::string& refusal) {
  Point point;
  point.pattern = "loggp";
  point.operation = trip.name;
  point.algorithm = "direct";
  point.dtype = Datatype::u8;
  point.bytes_per_rank = bytes;
  point.bytes_per_peer = bytes;
  point.notes["messages"] = std::to_string(messages_of(trip));
  if (trip.spaced) point.notes["pause_ns"] = std::to_string(pause_of(bytes));
  point.timed = {0};  // a round trip is what rank 0 says it is
  point.refused = refusal;
  point.build = [&trip, bytes, ranks](int rank) { return build(trip, bytes, rank, ranks); };
  return point;
}

std::vector<Point> plan(const Request& request, int ranks) {
  const std::string refusal = refuses_messages("loggp", request, ranks);
  std::vector<Point> points;
  for (const Bytes bytes : sweep_sizes(request.min_bytes, request.max_bytes, request.factor))
    for (const RoundTrip& trip : kRoundTrips)
      if (bytes > 0 && (!trip.spaced || bytes <= kLongestPaused))
        points.push_back(make_point(trip, bytes, ranks, refusal));
  if (points.empty()) throw UsageError("--max-bytes 0: loggp needs messages of at least 1 byte");
  return points;
}

}  // namespace

Pattern entry() {
  return {
      .name = "loggp",
      .summary = "rank 0 and the last one: messages alone, in a row and with pauses, for L, o, g and G (weft check)",
      .plan = plan};
}

}  // namespace weft::patterns::loggp
