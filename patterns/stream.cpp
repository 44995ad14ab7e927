#include <algorithm>
#include <bit>
#include <memory>
#include <numeric>
#include <string>
#include <utility>

#include "core/error.hpp"
#include "patterns/message_workload.hpp"
#include "patterns/registry.hpp"
#include "patterns/sweep.hpp"

namespace weft::patterns::stream {

namespace {

constexpr int kMessages = 64;  ///< in a row, as many as osu_bw's window has
constexpr int kLanes = 2;      ///< one has receives posted while the other waits for its own
constexpr int kOfLane = kMessages / kLanes;

/// Of all receives that are posted at once, so that what arrives stays in the caches where it can.
constexpr Bytes kPosted = 4 << 20;

/// All messages come from one place, as osu_bw's and iperf3's do, but a line apart, so that they differ.
constexpr Bytes kApart = 64;

constexpr Region kAnswer = {Space::in, 0, 1};

/// Messages that a lane starts before it waits for them, a power of 2.
int started_at_once(Bytes bytes) {
  return static_cast<int>(std::bit_floor(std::clamp<Bytes>(kPosted / kLanes / bytes, 1, kOfLane)));
}

Bytes source_of(int lane, int message) { return kApart * static_cast<Bytes>(lane * kOfLane + message); }

/// Where a lane's message arrives: its places are used again.
Bytes place_of(int lane, int message, Bytes bytes) {
  const int group = started_at_once(bytes);
  return bytes * static_cast<Bytes>(lane * group + message % group);
}

bool ends_group(int message, Bytes bytes) { return (message + 1) % started_at_once(bytes) == 0; }

Lane sending_lane(int number, int peer, Bytes bytes) {
  Lane lane("send " + std::to_string(number));
  for (int i = 0; i < kOfLane; ++i) {
    lane.send(peer, {Space::in, source_of(number, i), bytes});
    if (ends_group(i, bytes)) lane.wait();
  }
  if (number > 0) return lane;
  lane.recv(peer, {Space::out, 0, kAnswer.bytes});
  lane.wait();
  return lane;
}

/// The first lane answers when the others, too, have all.
Lane receiving_lane(int number, int peer, Bytes bytes) {
  Lane lane("receive " + std::to_string(number));
  for (int i = 0; i < kOfLane; ++i) {
    lane.recv(peer, {Space::out, place_of(number, i, bytes), bytes});
    if (ends_group(i, bytes)) lane.wait();
  }
  if (number > 0) {
    lane.signal(number - 1);
    return lane;
  }
  for (int other = 1; other < kLanes; ++other) lane.await(other - 1);
  lane.send(peer, kAnswer);
  lane.wait();
  return lane;
}

/// The last message to each place.
std::vector<Delivery> last_deliveries(Bytes bytes) {
  std::vector<Delivery> deliveries;
  for (int lane = 0; lane < kLanes; ++lane)
    for (int i = kOfLane - started_at_once(bytes); i < kOfLane; ++i)
      deliveries.push_back({place_of(lane, i, bytes), bytes, source_of(lane, i)});
  return deliveries;
}

std::unique_ptr<Workload> sending(Program program, int peer, Bytes bytes) {
  program.in_bytes = source_of(kLanes - 1, kOfLane - 1) + bytes;
  program.out_bytes = kAnswer.bytes;
  for (int number = 0; number < kLanes; ++number) program.lanes.push_back(sending_lane(number, peer, bytes));
  return std::make_unique<MessageWorkload>(std::move(program), peer, std::vector<Delivery>{{.bytes = kAnswer.bytes}});
}

std::unique_ptr<Workload> receiving(Program program, int peer, Bytes bytes) {
  program.in_bytes = kAnswer.bytes;
  program.out_bytes = bytes * static_cast<Bytes>(kLanes * started_at_once(bytes));
  program.events = kLanes - 1;
  for (int number = 0; number < kLanes; ++number) program.lanes.push_back(receiving_lane(number, peer, bytes));
  return std::make_unique<MessageWorkload>(std::move(program), peer, last_deliveries(bytes));
}

/// Ranks 2i and 2i + 1 are pairs, of which the first one sends; the last of an odd number is idle.
std::unique_ptr<Workload> build(Bytes bytes, int rank, int ranks) {
  Program program;
  program.rank = rank;
  program.ranks = ranks;
  program.dtype = Datatype::u8;
  const int peer = rank ^ 1;
  if (peer < ranks)
    return rank < peer ? sending(std::move(program), peer, bytes) : receiving(std::move(program), peer, bytes);
  program.lanes.emplace_back("idle");
  return std::make_unique<MessageWorkload>(std::move(program), rank, std::vector<Delivery>{});
}

/// As Point::timed has it: an idle rank has no times.
std::vector<int> timed_ranks(int ranks) {
  if (ranks % 2 == 0) return {};
  std::vector<int> timed(static_cast<std::size_t>(ranks - 1));
  std::iota(timed.begin(), timed.end(), 0);
  return timed;
}

Point make_point(Bytes bytes, int ranks, const std::string& refusal) {
  Point point;
  point.pattern = "stream";
  point.operation = "stream";
  point.algorithm = "direct";
  point.bytes_per_rank = bytes;
  point.bytes_per_peer = bytes;
  point.messages = kMessages;
  point.timed = timed_ranks(ranks);
  point.refused = refusal;
  point.build = [bytes, ranks](int rank) { return build(bytes, rank, ranks); };
  return point;
}

std::vector<Point> plan(const Request& request, int ranks) {
  const std::string refusal = refuses_messages("stream", request, ranks);
  std::vector<Point> points;
  for (const Bytes bytes : sweep_sizes(request.min_bytes, request.max_bytes, request.factor))
    if (bytes > 0) points.push_back(make_point(bytes, ranks, refusal));
  if (points.empty()) throw UsageError("--max-bytes 0: stream needs messages of at least 1 byte");
  return points;
}

}  // namespace

/// What osu_bw and osu_mbw_mr measure: a window of messages one way and a short answer; the time told is a message's.
Pattern entry() {
  return {.name = "stream",
          .summary = "pairs of ranks: 64 messages in a row one way, and an answer (as osu_bw, osu_mbw_mr)",
          .plan = plan};
}

}  // namespace weft::patterns::stream
